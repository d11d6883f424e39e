/** @file How runs are shown, as it is kept in the workspace. */
import { z } from 'zod';
import { bands } from '../charts/mean.ts';

export const groupings = ['activation', 'network', 'dataset', 'comparison', 'none'] as const;
export type Grouping = (typeof groupings)[number];
export const xAxes = ['step', 'epoch', 'seconds'] as const;
export type XAxis = (typeof xAxes)[number];
const shownParts = ['both', 'validation', 'train'] as const;
export type ShownParts = (typeof shownParts)[number];

/** As TensorBoard: more would be a straight line. */
export const smoothingMax = 0.999;
const Smoothing = z.number().min(0).max(smoothingMax);

const RunsViewOptions = z.object({
  groupBy: z.enum(groupings),
  band: z.enum(bands),
  xAxis: z.enum(xAxes),
  parts: z.enum(shownParts),
  /** Of curves with a value for each step, and of those with one for each epoch. */
  stepSmoothing: Smoothing,
  epochSmoothing: Smoothing,
  /** The single runs of a group beside its mean. */
  showsRuns: z.boolean(),
  isLog: z.object({ accuracy: z.boolean(), loss: z.boolean() }),
  /** In order. */
  columns: z.array(z.string().max(40)).max(40),
  /** Of the window's width, for the table. */
  tableShare: z.number().min(0.2).max(0.8),
});
export type RunsViewOptions = z.infer<typeof RunsViewOptions>;

export const usualRunsView: RunsViewOptions = {
  ...{ groupBy: 'activation', band: 'ci95', xAxis: 'step', parts: 'both' },
  ...{ stepSmoothing: 0.6, epochSmoothing: 0, showsRuns: false },
  isLog: { accuracy: false, loss: false },
  columns: [
    ...['status', 'best', 'test', 'epoch', 'last', 'trainLoss', 'seconds', 'samplesPerSecond'],
    ...['left', 'seed', 'activation', 'network', 'dataset'],
  ],
  tableShare: 0.55,
};

/** A stored value that no longer fits counts as not set. */
export const StoredRunsView = RunsViewOptions.catch(usualRunsView);
