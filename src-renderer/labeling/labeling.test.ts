import { expect, test, vi } from 'vitest';
import type { DatasetInfo } from '../../src-core/contract.ts';
import { PageError } from '../datasets/pageCache.ts';
import { Labeling, type LabelingPorts } from './labeling.svelte.ts';

type Label = number | null;
type Options = {
  labels?: readonly Label[];
  chosen?: unknown;
  autoAdvance?: boolean;
  evaluation?: string | null;
};

type AskedFilter = { classes?: number[]; flagged?: boolean; evaluation?: string };

/** A host that holds its images in memory: image p has the id p + 1, class c the id 10 + c. */
function host({
  labels = [null, null, null, null],
  chosen = null,
  autoAdvance = true,
  evaluation = null,
}: Options = {}) {
  const held = labels.map((label, i) => ({ id: i + 1, label, flagged: false }));
  const views = new Map<string, readonly number[]>();
  const past: { id: number; from: Label; to: Label }[] = [];
  const calls: string[] = [];
  const failures: unknown[] = [];
  let refuse: Error | null = null;
  const act = (what: string): void => {
    calls.push(what);
    if (refuse) throw refuse;
  };
  const info = () => infoOf(held);
  const ports: LabelingPorts = {
    // The few calls that labeling makes, of the shape the contract gives them.
    api: {
      datasets: { get: async () => info() },
      settings: {
        get: async () => chosen,
        set: async ({ value }: { value: unknown }) => void (chosen = value),
      },
      classes: { add: async () => info().classes[0] },
      images: {
        open: async ({ filter, sort }: { filter: AskedFilter; sort: { by: string } }) => {
          if (filter.evaluation === 'forgotten') throw new Error('forgotten');
          if (filter.evaluation) calls.push(`${sort.by} of ${filter.evaluation}`);
          const ids = held
            .filter((it) => !filter.classes || it.label === null)
            .filter((it) => !filter.flagged || it.flagged)
            .map(({ id }) => id);
          const view = `v${views.size}`;
          views.set(view, ids);
          return { view, count: ids.length };
        },
        locate: async ({ view, image }: { view: string; image: number }) => {
          const position = views.get(view)!.indexOf(image);
          return { position: position < 0 ? null : position };
        },
        flag: async ({ target, flagged }: { target: { ids: number[] }; flagged: boolean }) => {
          act(`flag ${target.ids} ${flagged}`);
          held[target.ids[0]! - 1]!.flagged = flagged;
        },
      },
      labels: {
        set: async (input: { target: { ids: number[] }; class: number | null }) => {
          const to = input.class === null ? null : input.class - 10;
          act(`label ${input.target.ids} ${to}`);
          const it = held[input.target.ids[0]! - 1]!;
          past.push({ id: it.id, from: it.label, to });
          it.label = to;
        },
        undo: async () => {
          const deed = past.pop();
          if (deed) held[deed.id - 1]!.label = deed.from;
          return { changed: deed ? 1 : null };
        },
      },
    } as unknown as LabelingPorts['api'],
    fetchPage: async (path) => {
      const query = new URLSearchParams(path.split('?')[1]);
      const ids = views.get(query.get('view')!);
      if (!ids) throw new PageError(404);
      const start = Number(query.get('start'));
      return pageOf(
        ids.slice(start, start + Number(query.get('count'))).map((id) => held[id - 1]!),
      );
    },
    pictures: { get: () => undefined, load: async () => {} },
    info,
    autoAdvance: () => autoAdvance,
    predicted: async (isNew) => {
      if (isNew && evaluation !== null) evaluation = 'renewed';
      return evaluation;
    },
    isForgotten: (error) => error instanceof Error && error.message === 'forgotten',
    now: () => 0,
    saving: (stored) => stored,
    say: () => {},
    fail: (error) => failures.push(error),
  };
  const forgetViews = (): void => views.clear();
  const refuseAll = (error: Error | null): void => void (refuse = error);
  return { labeling: new Labeling(1, ports), held, calls, failures, forgetViews, refuseAll };
}

function infoOf(held: readonly { label: Label; flagged: boolean }[]): DatasetInfo {
  const classAt = (position: number) => ({
    id: 10 + position,
    name: String(position),
    position,
    color: '#123456',
    key: String(position),
    count: held.filter(({ label }) => label === position).length,
  });
  return {
    id: 1,
    name: 'digits',
    createdAt: 0,
    images: held.length,
    unlabeled: held.filter(({ label }) => label === null).length,
    flagged: held.filter(({ flagged }) => flagged).length,
    classes: Array.from({ length: 10 }, (_, position) => classAt(position)),
    splits: { train: 0, validation: 0, test: 0, none: held.length },
    undo: null,
    redo: null,
  };
}

function pageOf(items: readonly { id: number; label: Label; flagged: boolean }[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(8 + items.length * 16));
  view.setUint32(0, items.length, true);
  view.setUint32(4, 1, true);
  items.forEach(({ id, label, flagged }, i) => {
    view.setUint32(8 + i * 12, id, true);
    view.setInt32(8 + i * 12 + 4, label ?? -1, true);
    view.setUint8(8 + i * 12 + 9, Number(flagged));
  });
  return view.buffer;
}

const classNamed = (labeling: Labeling, name: string) =>
  labeling.classes.find((it) => it.name === name)!;

test('a key labels, moves on, and is stored in the order in which it was pressed', async () => {
  const { labeling, held, calls } = host();
  await labeling.start();
  for (const name of ['7', '2', '1']) labeling.label(classNamed(labeling, name));
  expect(labeling.current?.id, 'at once').toBe(4);
  await vi.waitFor(() => expect(calls).toEqual(['label 1 7', 'label 2 2', 'label 3 1']));
  expect(held.map(({ label }) => label)).toEqual([7, 2, 1, null]);
});

test('without auto-advance the image stays, with its new label', async () => {
  const { labeling } = host({ autoAdvance: false });
  await labeling.start();
  labeling.label(classNamed(labeling, '7'));
  expect(labeling.current).toMatchObject({ id: 1, class: 7 });
});

test('a label that is there already is not stored again', async () => {
  const { labeling, calls } = host({ labels: [5, null] });
  await labeling.setOrder('added');
  labeling.label(classNamed(labeling, '5'));
  labeling.label(classNamed(labeling, '6'));
  await vi.waitFor(() => expect(calls).toEqual(['label 2 6']));
});

test('a label that cannot be stored is taken back and told', async () => {
  const { labeling, failures, refuseAll } = host({ autoAdvance: false });
  await labeling.start();
  refuseAll(new Error('disk full'));
  labeling.label(classNamed(labeling, '7'));
  expect(labeling.current?.class).toBe(7);
  await vi.waitFor(() => expect(failures).toEqual([new Error('disk full')]));
  expect(labeling.current?.class).toBeNull();
});

test('undo waits for what is on its way, and goes back to where the label was given', async () => {
  const { labeling, held } = host();
  await labeling.start();
  for (const name of ['7', '2', '1']) labeling.label(classNamed(labeling, name));
  await labeling.undo();
  await labeling.undo();
  expect(held.map(({ label }) => label)).toEqual([7, null, null, null]);
  expect(labeling.current).toMatchObject({ id: 2, class: null });
});

test('U marks as unsure, and as sure again', async () => {
  const { labeling, calls } = host();
  await labeling.start();
  labeling.toggleUnsure();
  expect(labeling.current?.flagged).toBe(true);
  labeling.toggleUnsure();
  expect(labeling.current?.flagged).toBe(false);
  await vi.waitFor(() => expect(calls).toEqual(['flag 1 true', 'flag 1 false']));
});

test('the queue ends behind its last image, and going back from there works', async () => {
  const { labeling } = host({ labels: [null, 3] });
  await labeling.start();
  expect([labeling.order, labeling.count]).toEqual(['unlabeled', 1]);
  labeling.label(classNamed(labeling, '7'));
  expect(labeling.phase).toBe('end');
  labeling.next();
  labeling.previous();
  expect(labeling.current?.id).toBe(1);
});

test.each([
  { what: 'nothing is labeled', labels: [null, null], chosen: null, order: 'added' },
  { what: 'some are labeled', labels: [null, 1], chosen: null, order: 'unlabeled' },
  { what: 'all are labeled', labels: [1, 1], chosen: null, order: 'added' },
  { what: 'an order was chosen', labels: [null, 1], chosen: 'random', order: 'random' },
  { what: 'what is stored is no order', labels: [1, 1], chosen: 7, order: 'added' },
])('where $what, it begins with $order', async ({ labels, chosen, order }) => {
  const { labeling } = host({ labels, chosen });
  await labeling.start();
  expect(labeling.order).toBe(order);
});

test('when the host has forgotten the view, another is opened at the same place', async () => {
  const labels = Array.from({ length: 100 }, () => 1);
  const { labeling, failures, forgetViews } = host({ labels });
  await labeling.start();
  labeling.moveTo(3);
  forgetViews();
  labeling.moveTo(90);
  await vi.waitFor(() => expect(labeling.current?.id).toBe(91));
  expect(failures).toEqual([]);
});

test.each([
  { what: 'a run predicts', evaluation: 'kept', asked: ['confidence of kept'] },
  {
    what: 'what it predicted is forgotten',
    evaluation: 'forgotten',
    asked: ['confidence of renewed'],
  },
  { what: 'there is no run to ask', evaluation: null, asked: [] },
])('where $what, the least certain come first or as they are', async ({ evaluation, asked }) => {
  const { labeling, calls, failures } = host({ chosen: 'uncertain', evaluation });
  await labeling.start();
  expect({ calls, failures, count: labeling.count }).toEqual({
    calls: asked,
    failures: [],
    count: 4,
  });
});
