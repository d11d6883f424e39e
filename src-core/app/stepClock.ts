/**
 * @file Seconds from the start of a run to each of its steps, pauses excluded. A step's own time follows from its
 * rate (batch size ÷ samples a second); validation, checkpoints and the look at the layers lie between epochs, so
 * that at the end of an epoch the clock is set to the time that the epoch itself measured.
 */

/** An epoch's end: its last step, and seconds from the start of the run. */
export type EpochEnd = { readonly step: number; readonly seconds: number };

export type StepClock = {
  /** Seconds at the end of the next step, given its samples per second. */
  after(samplesPerSecond: number): number;
  /** Sets it to the end of an epoch. */
  set(seconds: number): void;
  now(): number;
};

export function createStepClock(batchSize: number, startSeconds: number): StepClock {
  let seconds = startSeconds;
  return {
    after: (samplesPerSecond) => (seconds += batchSize / samplesPerSecond),
    set: (value) => void (seconds = value),
    now: () => seconds,
  };
}

/**
 * The seconds of consecutive steps from `firstStep`.
 *
 * @param rates samples per second, [count]
 * @param ends in order of step, of all epochs before and within these steps.
 * @param out float32 [count], overwritten; may be `rates`.
 */
export function stepSeconds(
  rates: Float32Array,
  firstStep: number,
  ends: readonly EpochEnd[],
  batchSize: number,
  out: Float32Array,
): void {
  const clock = createStepClock(batchSize, 0);
  let next = 0;
  for (let i = 0; i < rates.length; i++) {
    while (next < ends.length && ends[next]!.step < firstStep + i) clock.set(ends[next++]!.seconds);
    out[i] = clock.after(rates[i]!);
  }
}
