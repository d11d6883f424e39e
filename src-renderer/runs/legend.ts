/** @file What the legend lists: groups, or runs where there are none. */
import type { RunInfo } from '../../src-core/contract/training.ts';
import type { ChartLine, LineColor } from '../charts/chartLine.ts';
import { runInk, type RunGroup } from './rows.ts';

/** More would be a second table. */
const entriesMost = 60;

type LegendEntry = {
  /** Of its lines. */
  readonly key: string;
  readonly label: string;
  readonly color: LineColor;
  readonly dash: readonly number[];
  readonly runs: readonly string[];
};

/** Of how many runs there are values to draw. */
export const runsDrawn = (lines: readonly ChartLine[], key: string): number =>
  Math.max(0, ...lines.filter((line) => line.key === key).map(({ runs }) => runs));

export function legendOf(
  groups: readonly RunGroup[],
  runs: readonly RunInfo[],
  colorOf: (run: string) => LineColor | null,
): readonly LegendEntry[] {
  if (groups.length > 0) {
    return groups.slice(0, entriesMost).map(({ key, label, color, dash, runs: of }) => ({
      ...{ key, label, color, dash, runs: of.map(({ run }) => run) },
    }));
  }
  return runs.slice(0, entriesMost).map((run) => {
    const { color, dash } = runInk(run);
    const chosen = colorOf(run.run) ?? color;
    return { key: run.run, label: run.name, color: chosen, dash, runs: [run.run] };
  });
}
