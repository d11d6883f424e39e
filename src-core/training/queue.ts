/**
 * @file The queue: which runs wait to be trained, and in what order. A queue is a value; the supervisor holds the
 * current one, stores the places and tells of them.
 */
import type { RunId } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';

/** Places are stored, so that the order outlives the program. They have gaps: runs that are on keep theirs. */
export type Waiting = { readonly id: RunId; readonly place: number };

/** By place, the next to be trained first. */
export type Queue = readonly Waiting[];

export function idsOf(queue: Queue): RunId[] {
  return queue.map(({ id }) => id);
}

/**
 * The places of runs that are to wait: the end of the queue, in this order, unless they have one already:
 * interrupted runs come back where they were.
 *
 * @param end the first place that nobody has
 */
export function placed(runs: readonly Pick<Run, 'id' | 'place'>[], end: number): Queue {
  return runs.map(({ id, place }, i) => ({ id, place: place ?? end + i }));
}

/** With one more, before the first whose place is behind its own. */
export function added(queue: Queue, one: Waiting): Queue {
  const before = queue.findIndex(({ place }) => place > one.place);
  return queue.toSpliced(before < 0 ? queue.length : before, 0, one);
}

export function without(queue: Queue, ids: readonly RunId[]): Queue {
  return queue.filter(({ id }) => !ids.includes(id));
}

/** The run and those behind it; none where it does not wait. */
export function from(queue: Queue, id: RunId): Queue {
  const first = queue.findIndex((one) => one.id === id);
  return first < 0 ? [] : queue.slice(first);
}

/** The same places, given out in another order. Null: `order` is not all that wait, each once. */
export function reordered(queue: Queue, order: readonly RunId[]): Queue | null {
  const waiting = new Set(idsOf(queue));
  const isAll = order.length === waiting.size && new Set(order).size === order.length;
  if (!isAll || !order.every((id) => waiting.has(id))) return null;
  return queue.map(({ place }, i) => ({ id: order[i]!, place }));
}
