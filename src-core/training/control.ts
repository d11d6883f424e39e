/** @file What the user wants of a run right now: asked between steps, and waited on in a pause. */

export type Wanted = 'run' | 'pause' | 'stop';

export type Control = {
  wanted(): Wanted;
  /** Resolves at the next change. */
  changed(): Promise<void>;
  set(next: Wanted): void;
};

export function createControl(): Control {
  let wanted: Wanted = 'run';
  let change = Promise.withResolvers<void>();
  return {
    wanted: () => wanted,
    changed: () => change.promise,
    set(next) {
      // A run that was told to stop stops.
      if (wanted === 'stop' || next === wanted) return;
      wanted = next;
      const { resolve } = change;
      change = Promise.withResolvers<void>();
      resolve();
    },
  };
}
