/** @file Where what is wrong with a plan is said: beside the field it is about, else in a list above the start button. */
import type { z } from 'zod';
import { TrainPlan } from '../../src-core/contract/training.ts';

export type PlanNote = { readonly field: string; readonly message: string };

export type Placed = {
  /** By the field on screen that each is shown beside. */
  readonly beside: ReadonlyMap<string, readonly string[]>;
  /** About no field on screen. */
  readonly rest: readonly PlanNote[];
};

/** @param isShown whether a field of this path is on screen */
export function placeNotes(
  notes: readonly PlanNote[],
  isShown: (field: string) => boolean,
): Placed {
  const beside = new Map<string, readonly string[]>();
  const rest: PlanNote[] = [];
  for (const note of notes) {
    const field = nearest(note.field, isShown);
    if (field === null) rest.push(note);
    else beside.set(field, [...(beside.get(field) ?? []), note.message]);
  }
  return { beside, rest };
}

/** The field itself, else what it is a part of: `layers.2.kernel` is said at `layers.2` where it has no input. */
function nearest(field: string, isShown: (field: string) => boolean): string | null {
  for (let path = field; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.'))))
    if (isShown(path)) return path;
  return null;
}

/** What the contract would refuse before the core has looked at it, in words; none: it can be sent. */
export function refusals(plan: TrainPlan): readonly PlanNote[] {
  const { error } = TrainPlan.safeParse(plan);
  return (error?.issues ?? []).map((issue) => ({
    field: issue.path.join('.'),
    message: issueText(issue),
  }));
}

type Issue = z.core.$ZodIssue;

function issueText(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'Enter a whole number.' : 'Enter a number.';
    case 'too_small':
      return limitText(
        issue.origin,
        issue.inclusive ? 'Must be at least' : 'Must be more than',
        issue.minimum,
      );
    case 'too_big':
      return limitText(
        issue.origin,
        issue.inclusive ? 'Must be at most' : 'Must be less than',
        issue.maximum,
      );
    default:
      return issue.message;
  }
}

const limitText = (origin: string, words: string, limit: number | bigint): string =>
  origin === 'array' ? `There ${words.toLowerCase()} ${limit}.` : `${words} ${limit}.`;
