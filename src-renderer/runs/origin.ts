/** @file Where a run came from: another run here, or one in another workspace. */
import type { RunInfo } from '../../src-core/contract/training.ts';

export type Origin = {
  readonly kind: 'repeats' | 'follows' | 'capsule';
  /** What people read in little room. */
  readonly label: string;
  readonly sentence: string;
  /** The older run, while it is in this workspace. */
  readonly older: string | null;
};

/** The nearest one; null: it was begun by itself. */
export function originOf(
  { repeats, follows, cameFrom }: RunInfo,
  isThere: (run: string) => boolean,
): Origin | null {
  const from = (kind: Origin['kind'], run: string, text: string): Origin => {
    const sentence = isThere(run) ? `${text}.` : `${text}, which has since been removed.`;
    return { kind, label: run, sentence, older: isThere(run) ? run : null };
  };
  if (repeats) return from('repeats', repeats.run, `Repeats ${repeats.run}`);
  if (follows) {
    const how = follows.isContinued ? 'Goes on from what was learned by' : 'Begins anew, after';
    return from('follows', follows.run, `${how} ${follows.run}`);
  }
  if (cameFrom === null) return null;
  const sentence = `Came in a capsule; it was ${cameFrom} where it was trained.`;
  return { kind: 'capsule', label: 'capsule', sentence, older: null };
}
