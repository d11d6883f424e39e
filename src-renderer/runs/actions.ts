/**
 * @file What can be done with runs: one table, for the rows of the list and the page of one run. An action that needs
 * an answer first opens its dialog.
 */
import type { Component } from 'svelte';
import CirclePlus from '@lucide/svelte/icons/circle-plus';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import Repeat from '@lucide/svelte/icons/repeat';
import Square from '@lucide/svelte/icons/square';
import Trash from '@lucide/svelte/icons/trash';
import X from '@lucide/svelte/icons/x';
import type { RunInfo, RunStatus } from '../../src-core/contract/training.ts';
import { dialogs } from '../state/dialogs.svelte.ts';
import { toasts } from '../state/toasts.svelte.ts';
import { api } from '../transport.ts';

export type RunAction = {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly sentence: string;
  readonly icon: Component<{ size?: number; 'aria-hidden'?: boolean }>;
  /** The states in which it is possible. */
  readonly when: readonly RunStatus[];
  readonly isDanger?: true;
  readonly act: (run: RunInfo) => Promise<void>;
};

const over = ['interrupted', 'stopped', 'finished', 'failed'] as const;

export const runActions = {
  pause: {
    title: 'Pause',
    sentence: 'Stops after this step, to go on later exactly there.',
    icon: Pause,
    when: ['running'],
    act: async ({ run }) => void (await api.runs.pause({ run })),
  },
  resume: {
    title: 'Resume',
    sentence: 'Goes on from the last checkpoint, with the same result as if it had never stopped.',
    icon: Play,
    when: ['paused', 'interrupted', 'stopped', 'failed'],
    act: async ({ run }) => void (await api.runs.resume({ run, moreEpochs: 0 })),
  },
  stop: {
    title: 'Stop',
    sentence: 'Ends training after this step and keeps a checkpoint.',
    icon: Square,
    when: ['running', 'paused'],
    act: async ({ run }) => void (await api.runs.stop({ run })),
  },
  cancel: {
    title: 'Take out of the queue',
    sentence: 'It does not begin.',
    icon: X,
    when: ['queued'],
    act: async ({ run }) => void (await api.runs.cancel({ run })),
  },
  extend: {
    title: 'Extend…',
    sentence: 'Trains more epochs from where it ended.',
    icon: CirclePlus,
    when: ['finished'],
    act: async ({ run }) => dialogs.open({ kind: 'extendRun', run }),
  },
  again: {
    title: 'Run again',
    sentence:
      'The same images, network, options and seed once more; says whether it came out identical.',
    icon: Repeat,
    when: [...over, 'paused', 'running', 'queued'],
    act: runAgain,
  },
  remove: {
    title: 'Remove…',
    sentence: 'Deletes the run with its checkpoints.',
    icon: Trash,
    when: over,
    isDanger: true,
    act: async ({ run }) => dialogs.open({ kind: 'removeRuns', runs: [run] }),
  },
} as const satisfies Record<string, RunAction>;

/** Those possible with this run now, in order. */
export const actionsOf = ({ status }: RunInfo): readonly RunAction[] =>
  Object.values<RunAction>(runActions).filter(({ when }) => when.includes(status));

async function runAgain({ run, name }: RunInfo): Promise<void> {
  const again = await api.runs.again({ run });
  toasts.note(`${name} is repeated as ${again.run}.`);
}
