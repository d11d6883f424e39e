import fc from 'fast-check';
import { expect, test } from 'vitest';
import { originCode, type ImageRow } from '../workspace/images.ts';
import { partCode } from '../workspace/records.ts';
import { ImageColumns } from './columns.ts';
import { filterRows, notPredicted, orderIds, type ViewFilter } from './view.ts';

const parts = ['none', 'train', 'validation', 'test'] as const;
const origins = ['none', 'human', 'import', 'model'] as const;
const classIds = [0, 11, 12, 15];

const anImage = fc.record({
  blob: fc.integer({ min: 1, max: 12 }),
  classId: fc.constantFrom(...classIds),
  part: fc.constantFrom(...parts),
  origin: fc.constantFrom(...origins),
  flagged: fc.boolean(),
  labeledAt: fc.integer({ min: 0, max: 5 }),
});
type AnImage = ReturnType<typeof anImage.generate>['value'];

const aFilter: fc.Arbitrary<ViewFilter> = fc.record(
  {
    classes: fc.subarray([...classIds, 99]),
    parts: fc.subarray([...parts]),
    flagged: fc.boolean(),
    duplicate: fc.boolean(),
    origins: fc.subarray(['human', 'import', 'model'] as const),
  },
  { requiredKeys: [] },
);

/** Ids grow with gaps, as after removals. */
const idOf = (i: number): number => 3 * i + 5;

function columnsOf(images: readonly AnImage[]): ImageColumns {
  const columns = new ImageColumns();
  const rows = images.map(({ blob, classId, part, origin, flagged, labeledAt }, i): ImageRow => [
    idOf(i),
    blob,
    classId,
    partCode[part] + 4 * originCode[origin] + 16 * Number(flagged),
    labeledAt,
  ]);
  columns.add(rows.slice(0, 3));
  columns.add(rows.slice(3));
  columns.finish();
  return columns;
}

/** What a filter means, one condition at a time. */
function holds(image: AnImage, filter: ViewFilter, all: readonly AnImage[]): boolean {
  const isTwin = all.filter(({ blob }) => blob === image.blob).length > 1;
  return (
    (filter.classes?.includes(image.classId) ?? true) &&
    (filter.parts?.includes(image.part) ?? true) &&
    (filter.flagged === undefined || filter.flagged === image.flagged) &&
    (filter.duplicate === undefined || filter.duplicate === isTwin) &&
    (filter.origins === undefined || filter.origins.some((one) => one === image.origin))
  );
}

test('a filter leaves what its conditions say, and facets count the others kept', () => {
  fc.assert(
    fc.property(fc.array(anImage, { maxLength: 30 }), aFilter, (images, filter) => {
      const columns = columnsOf(images);
      const { rows, facets } = filterRows(columns, filter, null);
      const left = (conditions: ViewFilter): AnImage[] =>
        images.filter((image) => holds(image, conditions, images));
      expect([...rows].map((row) => images[row])).toEqual(left(filter));
      for (const id of new Set(images.map((image) => image.classId)))
        expect(facets.classes.get(id)).toBe(left({ ...filter, classes: [id] }).length);
      for (const part of parts)
        expect(facets.parts[part]).toBe(left({ ...filter, parts: [part] }).length);
      for (const origin of ['human', 'import', 'model'] as const)
        expect(facets.origins[origin]).toBe(left({ ...filter, origins: [origin] }).length);
      expect(facets.flagged).toBe(left({ ...filter, flagged: true }).length);
      expect(facets.duplicate).toBe(left({ ...filter, duplicate: true }).length);
    }),
  );
});

test('orders are by key, then by age; descending is the reverse', () => {
  fc.assert(
    fc.property(fc.array(anImage, { maxLength: 30 }), fc.boolean(), (images, descending) => {
      const columns = columnsOf(images);
      const { rows } = filterRows(columns, {}, null);
      const positionOf = new Map([
        [15, 0],
        [11, 1],
        [12, 2],
        [0, 3],
      ]);
      const positions = columns.classIds.map((id) => positionOf.get(id)!);
      const sorted = (key: (image: AnImage) => number): number[] => {
        const order = images.map((image, i) => ({ id: idOf(i), key: key(image) }));
        order.sort((a, b) => a.key - b.key || a.id - b.id);
        const ids = order.map(({ id }) => id);
        return descending ? ids.reverse() : ids;
      };
      const found = (order: Parameters<typeof orderIds>[2]) => [
        ...orderIds(columns, rows, order, descending),
      ];
      expect(found({ by: 'added' })).toEqual(sorted(() => 0));
      expect(found({ by: 'labeled' })).toEqual(sorted((image) => image.labeledAt));
      expect(found({ by: 'class', positions })).toEqual(
        sorted((image) => positionOf.get(image.classId)!),
      );
    }),
  );
});

/** What a model says of an image: a class, 0 one that the dataset does not have; null: it was not asked. */
const anAnswer = fc.option(
  fc.record({ classId: fc.constantFrom(...classIds), eighths: fc.integer({ min: 0, max: 8 }) }),
);

const anAnswerFilter: fc.Arbitrary<ViewFilter> = fc.record(
  {
    classes: fc.subarray(classIds),
    predicted: fc.subarray(classIds),
    wrong: fc.boolean(),
    confidence: fc.constant({ min: 0.25, max: 0.75 }),
  },
  { requiredKeys: [] },
);

test('predictions are conditions like any other; what has none passes no such condition', () => {
  const cases = fc.array(fc.tuple(anImage, anAnswer), { maxLength: 30 });
  fc.assert(
    fc.property(cases, anAnswerFilter, (pairs, filter) => {
      const images = pairs.map(([image]) => image);
      const columns = columnsOf(images);
      const answers = pairs.map(([, answer]) => answer);
      const said = {
        predicted: Uint16Array.from(answers, (answer) =>
          answer === null ? notPredicted : columns.classNumber(answer.classId),
        ),
        confidence: Float32Array.from(answers, (answer) => (answer?.eighths ?? NaN) / 8),
        labelProbability: () => NaN,
      };
      const isWrong = ([image, answer]: (typeof pairs)[number]): boolean | null =>
        answer === null || image.classId === 0 ? null : answer.classId !== image.classId;
      const left = ({ predicted, wrong, confidence, ...rest }: ViewFilter) =>
        pairs.filter((pair) => {
          const [image, answer] = pair;
          return (
            holds(image, rest, images) &&
            (predicted === undefined || (answer !== null && predicted.includes(answer.classId))) &&
            (wrong === undefined || isWrong(pair) === wrong) &&
            (confidence === undefined ||
              (answer !== null && answer.eighths >= 2 && answer.eighths <= 6))
          );
        });
      const { rows, facets } = filterRows(columns, filter, null, said);
      expect([...rows].map((row) => pairs[row])).toEqual(left(filter));
      expect(facets.predictions!.wrong).toBe(left({ ...filter, wrong: true }).length);
      for (const [id, count] of facets.predictions!.predicted)
        expect(count).toBe(left({ ...filter, predicted: [id] }).length);
      const shareOf = (row: number) => said.confidence[row]!;
      const ids = [...orderIds(columns, rows, { by: 'share', shareOf }, false)];
      const shares = ids.map((id) => answers[(id - 5) / 3]?.eighths ?? 9);
      expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    }),
  );
});

test('a random order keeps images in their places when others are filtered away', () => {
  const images = fc.sample(anImage, { numRuns: 200, seed: 1 });
  const columns = columnsOf(images);
  const order = { by: 'random', seed: 7 } as const;
  const all = [...orderIds(columns, filterRows(columns, {}, null).rows, order, false)];
  const some = filterRows(columns, { parts: ['train'] }, null).rows;
  const kept = new Set([...some].map(idOf));
  expect([...orderIds(columns, some, order, false)]).toEqual(all.filter((id) => kept.has(id)));
  expect(all).not.toEqual([...all].sort((a, b) => a - b));
  const other = orderIds(columns, filterRows(columns, {}, null).rows, { ...order, seed: 8 }, false);
  expect([...other]).not.toEqual(all);
});
