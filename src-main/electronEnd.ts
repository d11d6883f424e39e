/**
 * @file How the desktop program ends while runs wait or train: it asks, once, and then goes on without its window
 * until they are over, or stops them with a checkpoint, or stays.
 */
import type { App } from '../src-core/app.ts';
import type { BrowserWindow, Electron } from './electronTypes.ts';

export type Ending = {
  /** For a window about to be closed. True: not yet, the user is being asked. */
  readonly holds: (window: BrowserWindow) => boolean;
  /** For the program about to end. True: not yet. */
  readonly holdsAll: () => boolean;
};

/** The answers, in the order of the buttons. */
const answers = ['keep', 'stop', 'cancel'] as const;
const buttons = ['Keep training', 'Stop and quit', 'Cancel'];

export function createEnding(electron: Electron, core: App, platform: NodeJS.Platform): Ending {
  let isAsking = false;
  let isDecided = false;
  const ask = async (window: BrowserWindow | undefined): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const answer = await askUser(electron, core, window);
    isAsking = false;
    if (answer === 'stop') {
      isDecided = true;
      electron.app.quit();
    } else if (answer === 'keep' && window) {
      window.hide();
      quitWhenOver(electron, core, window);
    }
  };
  const isFree = (): boolean => isDecided || !core.supervisor.isBusy;
  return {
    holds(window) {
      // There the program lives on without a window.
      if (platform === 'darwin' || isFree()) return false;
      void ask(window);
      return true;
    },
    holdsAll() {
      if (isFree()) return false;
      void ask(electron.BrowserWindow.getAllWindows()[0]);
      return true;
    },
  };
}

async function askUser(
  { dialog }: Electron,
  { supervisor }: App,
  window: BrowserWindow | undefined,
): Promise<(typeof answers)[number]> {
  const waiting = supervisor.queue.length;
  const on = supervisor.active.length;
  const message = on === 1 ? 'A run is still training.' : `${on} runs are still training.`;
  const more = waiting > 0 ? ` ${waiting} more ${waiting === 1 ? 'waits' : 'wait'}.` : '';
  const options = {
    type: 'question' as const,
    message: `${message}${more}`,
    detail:
      'Keep training closes the window and goes on until all runs are over. Stop saves where they are; they can be resumed.',
    buttons,
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  };
  const { response } = await (window
    ? dialog.showMessageBox(window, options)
    : dialog.showMessageBox(options));
  return answers[response] ?? 'cancel';
}

/** Unless the user has called the window back. */
function quitWhenOver({ app }: Electron, core: App, window: BrowserWindow): void {
  const stop = core.listen(() => {
    if (window.isVisible()) return stop();
    if (core.supervisor.isBusy) return;
    stop();
    app.quit();
  });
}
