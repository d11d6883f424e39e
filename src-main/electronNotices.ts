/** @file What the system tells the user when nobody looks at the window: a run, or a whole comparison, is over. */
import type { App } from '../src-core/app.ts';
import type { RunInfo } from '../src-core/contract/training.ts';
import type { Electron } from './electronTypes.ts';

/** @param show brings the window back, when the notice is clicked. */
export function noticeEnds(
  electron: Electron,
  core: App,
  show: () => void,
  reportDefect: (error: unknown) => void,
): void {
  if (!electron.Notification.isSupported()) return;
  /** Comparisons that were told, until a run begins again: two runs may end at the same moment. */
  const told = new Set<string>();
  const tell = async (run: string): Promise<void> => {
    const notice = noticeOf(await core.runViews.list(), run, told);
    if (!notice || isLookedAt(electron)) return;
    const shown = new electron.Notification(notice);
    shown.on('click', show);
    shown.show();
  };
  core.listen((event) => {
    if (event.kind !== 'status') return;
    const { status } = event.state;
    if (status === 'running') told.clear();
    // Stopped: by the user, who knows. Interrupted without a reason: by the end of the program.
    const isEnd = status === 'finished' || event.error !== null;
    if (isEnd) tell(event.run).catch(reportDefect);
  });
}

function isLookedAt({ BrowserWindow: windows }: Electron): boolean {
  return windows.getAllWindows().some((window) => window.isFocused());
}

type Notice = { readonly title: string; readonly body: string };

/** Null: nothing to tell, or not yet. */
function noticeOf(all: readonly RunInfo[], run: string, told: Set<string>): Notice | null {
  const info = all.find((one) => one.run === run);
  if (!info) return null;
  const { comparison } = info;
  if (comparison === null) return { title: `${info.name}: ${info.status}`, body: bodyOf(info) };
  const runs = all.filter((one) => one.comparison === comparison);
  if (told.has(comparison) || runs.some(isOpen)) return null;
  told.add(comparison);
  const finished = runs.filter(({ status }) => status === 'finished').length;
  return {
    title: 'Comparison: all runs are over',
    body: `${finished} of ${runs.length} runs finished · ${info.network}`,
  };
}

const isOpen = ({ status }: RunInfo): boolean =>
  status === 'queued' || status === 'running' || status === 'paused';

function bodyOf({ problem, test, network }: RunInfo): string {
  if (problem) return problem.message;
  const accuracy = Number(test?.accuracy);
  return Number.isFinite(accuracy)
    ? `${network} · test accuracy ${(100 * accuracy).toFixed(1)} %`
    : network;
}
