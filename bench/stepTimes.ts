/** @file When steps were over, and how fast they were, from the rates that a run measures. */
import type { App } from '../src-core/app.ts';
import type { RunId } from '../src-core/workspace/records.ts';

/** Milliseconds since 1970 at which a step was over, and its number. */
export type StepTime = [overMs: number, step: number];

/**
 * Steps arrive in flushes: the last of a flush is over when it arrives, the others as much earlier as those after them
 * took.
 *
 * @param rates  samples per second of consecutive steps from `firstStep`
 * @param arrivedMs  when they arrived, milliseconds since 1970
 */
export function stepTimes(
  firstStep: number,
  rates: Float32Array,
  batchSize: number,
  arrivedMs: number,
): StepTime[] {
  let at = arrivedMs;
  return Array.from(rates, (rate, i) => ({ rate, step: firstStep + i }))
    .toReversed()
    .map(({ rate, step }) => {
      const over = at;
      at -= (1000 * batchSize) / rate;
      return [over, step] satisfies StepTime;
    })
    .toReversed();
}

/** Of a whole run: steps by the time that they themselves took. */
export function stepsPerSecond(app: App, id: RunId): number {
  const rates = app.workspace.metrics
    .series(id, 'samplesPerSecond')
    .flatMap(({ bytes }) =>
      Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i)),
    );
  const { batchSize } = app.run(id).options;
  return rates.length / rates.reduce((sum, rate) => sum + batchSize / rate, 0);
}
