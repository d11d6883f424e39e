/**
 * @file Says that runs have ended: a note in the window, and, where the person asked for it, one of the system while
 * the window is not in use. Of a comparison its end is told, not that of each run.
 */
import type { RunInfo } from '../../src-core/contract/training.ts';
import { go, links } from './route.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import { plural } from '../ui/format.ts';
import { percentText } from '../ui/figures.ts';

export type RunsEnd = { readonly title: string; readonly text: string; readonly link: string };

const isOn = ({ status }: RunInfo): boolean => ['queued', 'running', 'paused'].includes(status);

/**
 * What is to be told when a run became what it is now; null: nothing.
 * @param all  every run that is known, this one as it is now
 */
export function endOf(
  before: RunInfo | undefined,
  run: RunInfo,
  all: readonly RunInfo[],
): RunsEnd | null {
  // Stopped is what the person did, and needs no telling.
  if (!before || !isOn(before) || isOn(run) || run.status === 'stopped') return null;
  if (run.comparison === null) return { ...endOfRun(run), link: links.run(run.run) };
  const siblings = all.filter(({ comparison }) => comparison === run.comparison);
  if (siblings.length === 1) return { ...endOfRun(run), link: links.run(run.run) };
  return siblings.some(isOn) ? null : endOfComparison(siblings);
}

function endOfRun({ name, status, test, bestValidationAccuracy, problem }: RunInfo) {
  if (status === 'failed') return { title: `${name} failed`, text: problem?.message ?? '' };
  if (status === 'interrupted')
    return { title: `${name} was interrupted`, text: 'It can be resumed.' };
  const score = test?.accuracy ?? bestValidationAccuracy;
  const part = test ? 'test' : 'validation';
  const text = score === null ? '' : `${percentText(Number(score))} on the ${part} part`;
  return { title: `${name} has finished`, text };
}

function endOfComparison(runs: readonly RunInfo[]): RunsEnd {
  const finished = runs.filter(({ status }) => status === 'finished').length;
  const text =
    finished === runs.length
      ? plural(finished, 'run')
      : `${finished} of ${plural(runs.length, 'run')} finished`;
  const title = 'The comparison is over';
  return { title, text, link: links.comparison(runs.map(({ run }) => run)) };
}

/** @param isAsked  the person wants the system to tell it too */
export function tellEnd({ title, text, link }: RunsEnd, isAsked: boolean): void {
  const note = (): void => void toasts.note(text === '' ? `${title}.` : `${title}: ${text}`);
  if (document.hasFocus()) return note();
  // A note goes by itself: it waits until someone is there to read it.
  window.addEventListener('focus', note, { once: true });
  if (!isAsked || !('Notification' in window) || Notification.permission !== 'granted') return;
  const shown = new Notification(title, { body: text });
  shown.addEventListener('click', () => {
    window.focus();
    go(link);
  });
}
