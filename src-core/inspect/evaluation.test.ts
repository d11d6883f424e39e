/** @file The figures of an evaluation against slow sums written straight from their definitions. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluation, type Judgement } from './evaluation.ts';

/** Probabilities of 0, 1/8 … 1, so that ties and both ends occur; sums are exact. */
const judgements = fc
  .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 40 }))
  .chain(([classes, count]) =>
    fc.record({
      labels: fc
        .array(fc.nat(classes - 1), { minLength: count, maxLength: count })
        .map((labels) => Int32Array.from(labels)),
      probabilities: fc
        .array(fc.nat(8), { minLength: count * classes, maxLength: count * classes })
        .map((eighths) => Float32Array.from(eighths, (x) => x / 8)),
      logits: fc.constant(null),
      classes: fc.constant(classes),
    }),
  );

type Row = { readonly label: number; readonly answer: number; readonly confidence: number };

/** One object for each sample, the slow way. */
function rowsOf({ labels, probabilities, classes }: Judgement): Row[] {
  return Array.from(labels, (label, n) => {
    const scores = Array.from(probabilities.slice(n * classes, (n + 1) * classes));
    const confidence = Math.max(...scores);
    return { label, answer: scores.indexOf(confidence), confidence };
  });
}

const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);

describe('of any samples', () => {
  const holds = (check: (judgement: Judgement, rows: readonly Row[]) => void) =>
    fc.assert(fc.property(judgements, (judgement) => check(judgement, rowsOf(judgement))));

  test('accuracy is the share of right answers', () =>
    holds((judgement, rows) => {
      const right = rows.filter(({ label, answer }) => label === answer).length;
      const { accuracy, correct, samples } = evaluation(judgement);
      expect({ accuracy, correct, samples }).toEqual({
        accuracy: share(right, rows.length),
        correct: right,
        samples: rows.length,
      });
    }));

  test('the confusion matrix counts labels by row and answers by column', () =>
    holds((judgement, rows) => {
      const { confusion, perClass } = evaluation(judgement);
      confusion.forEach((counts, label) => {
        expect(counts.reduce((a, b) => a + b, 0)).toBe(perClass[label]!.support);
        counts.forEach((count, answer) =>
          expect(count).toBe(
            rows.filter((row) => row.label === label && row.answer === answer).length,
          ),
        );
      });
    }));

  test('figures per class follow their definitions, F1 the harmonic mean', () =>
    holds((judgement, rows) => {
      evaluation(judgement).perClass.forEach((figures, k) => {
        const support = rows.filter(({ label }) => label === k).length;
        const predicted = rows.filter(({ answer }) => answer === k).length;
        const right = rows.filter(({ label, answer }) => label === k && answer === k).length;
        const precision = share(right, predicted);
        const recall = share(right, support);
        expect(figures).toMatchObject({ support, predicted, precision, recall });
        if (precision && recall)
          expect(figures.f1).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
        else expect(figures.f1).toBe(support + predicted === 0 ? null : 0);
      });
    }));

  test('calibration compares confidence and accuracy bin by bin', () =>
    holds((judgement, rows) => {
      const { error, bins } = evaluation(judgement, { bins: 4 }).calibration;
      let expected = 0;
      bins.forEach(({ from, to, count, confidence, accuracy }) => {
        const inside = rows.filter((row) => {
          const isLowest = from === 0 && row.confidence === 0;
          return (row.confidence > from && row.confidence <= to) || isLowest;
        });
        const right = inside.filter(({ label, answer }) => label === answer).length;
        const total = inside.reduce((sum, row) => sum + row.confidence, 0);
        expect(count).toBe(inside.length);
        expect(confidence).toBe(share(total, count));
        expect(accuracy).toBe(share(right, count));
        if (count > 0) expected += (count / rows.length) * Math.abs(right / count - total / count);
      });
      if (rows.length === 0) expect(error).toBeNull();
      else expect(error).toBeCloseTo(expected, 12);
    }));

  test('mistakes are the wrong answers, the most confident first', () =>
    holds((judgement, rows) => {
      const wrong = rows
        .map((row, index) => ({ ...row, index }))
        .filter(({ label, answer }) => label !== answer)
        .sort((a, b) => b.confidence - a.confidence || a.index - b.index);
      const { mistakes } = evaluation(judgement, { mistakes: 3 });
      expect(mistakes.map(({ index }) => index)).toEqual(
        wrong.slice(0, 3).map(({ index }) => index),
      );
      for (const mistake of mistakes) {
        const row = rows[mistake.index]!;
        expect(mistake).toMatchObject({
          label: row.label,
          predicted: row.answer,
          confidence: row.confidence,
          labelProbability: judgement.probabilities[mistake.index * judgement.classes + row.label]!,
        });
      }
    }));
});

const judged = (rows: readonly number[][], labels: readonly number[]): Judgement => ({
  probabilities: Float32Array.from(rows.flat()),
  logits: null,
  labels: Int32Array.from(labels),
  classes: rows[0]!.length,
});

test('a class that is never seen and never predicted has no figures, not zeros', () => {
  const { perClass } = evaluation(judged([[0.75, 0.25, 0]], [1]));
  expect(perClass[2]).toEqual({
    support: 0,
    predicted: 0,
    precision: null,
    recall: null,
    f1: null,
  });
  expect(perClass[0]).toEqual({ support: 0, predicted: 1, precision: 0, recall: null, f1: 0 });
  expect(perClass[1]).toEqual({ support: 1, predicted: 0, precision: null, recall: 0, f1: 0 });
});

test('logits decide between probabilities that are both rounded to 1', () => {
  const saturated = judged([[1, 1]], [1]);
  expect(evaluation(saturated).correct).toBe(0);
  expect(evaluation({ ...saturated, logits: Float32Array.of(40, 41) }).correct).toBe(1);
});

test('a probability that is no number stays visible', () => {
  const { calibration, mistakes } = evaluation(
    judged(
      [
        [0, 1],
        [NaN, NaN],
      ],
      [0, 1],
    ),
  );
  expect(calibration.error).toBeNaN();
  expect(mistakes.map(({ index }) => index)).toEqual([1, 0]);
  expect(mistakes[0]!.confidence).toBeNaN();
});

test('sizes that do not fit, and labels that are no class, are a defect of the caller', () => {
  const good = judged([[0.5, 0.5]], [0]);
  expect(() => evaluation({ ...good, labels: Int32Array.of(0, 1) })).toThrow(RangeError);
  expect(() => evaluation({ ...good, labels: Int32Array.of(2) })).toThrow(RangeError);
  expect(() => evaluation({ ...good, logits: new Float32Array(3) })).toThrow(RangeError);
});
