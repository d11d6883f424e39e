/** @file How fast someone labels: labels per minute over the last minute. */

const windowMs = 60_000;
/** A rate over less time than this says nothing yet. */
const leastMs = 5_000;

/**
 * Labels per minute at `now`.
 *
 * @param times  milliseconds, rising: when each label was given.
 * @returns null while too little happened to tell.
 */
export function labelsPerMinute(times: readonly number[], now: number): number | null {
  const recent = times.filter((time) => time > now - windowMs);
  const first = recent[0];
  if (first === undefined) return null;
  // Before a minute has passed, the time since the first label stands for the minute.
  const spanMs = times[0]! > now - windowMs ? now - first : windowMs;
  return spanMs < leastMs ? null : Math.round((recent.length * 60_000) / spanMs);
}

/** Leaves out what no rate will ask for again. */
export function recentTimes(times: readonly number[], now: number): number[] {
  const kept = times.findIndex((time) => time > now - 2 * windowMs);
  return kept < 0 ? [] : times.slice(kept);
}
