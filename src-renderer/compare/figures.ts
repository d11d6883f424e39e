/** @file The two figures of a comparison as files: their names, and how wide they are on paper. */
import type { RunInfo } from '../../src-core/contract/training.ts';
import { dotPlot } from '../figures/dotPlot.ts';
import type { Figure } from '../figures/figure.ts';
import { figurePng, figureSvg } from '../figures/figureFile.ts';
import { forestPlot } from '../figures/forestPlot.ts';
import { fileNameOf, saveFile } from '../ui/saveFile.ts';
import type { ComparisonState } from './comparison.svelte.ts';
import { forestRows, pairsAgainst } from './pairs.ts';
import { dotRows } from './subject.ts';

/** In pixels; a page of a paper takes it at about this size. */
const fileWidth = 720;

export type FigureKind = 'accuracy' | 'differences';
export type FigureFormat = 'svg' | 'png';

/** As the page shows it; null: there is nothing to draw. */
export function figureOf(kind: FigureKind, state: ComparisonState): Figure | null {
  const { result, infos, baseline, isAccuracyClose, areDifferencesClose } = state;
  if (result === null) return null;
  if (kind === 'accuracy') {
    const rows = dotRows(result, infos);
    return rows.length > 0 ? dotPlot(rows, { width: fileWidth, isClose: isAccuracyClose }) : null;
  }
  const rows = forestRows(pairsAgainst(result, baseline));
  if (rows.length === 0) return null;
  return forestPlot(rows, { width: fileWidth, isClose: areDifferencesClose });
}

/** `comparison-my-digits-test-accuracy.svg` */
export function figureName(
  kind: FigureKind,
  format: FigureFormat,
  runs: readonly RunInfo[],
): string {
  const datasets = new Set(runs.map(({ dataset }) => dataset?.name ?? ''));
  const dataset = datasets.size === 1 ? [...datasets].join('') : '';
  const what = kind === 'accuracy' ? 'test-accuracy' : 'differences';
  return `${fileNameOf(`comparison ${dataset} ${what}`)}.${format}`;
}

export async function saveFigure(
  figure: Figure,
  name: string,
  format: FigureFormat,
): Promise<void> {
  if (format === 'png') return saveFile(name, await figurePng(figure));
  saveFile(name, new Blob([figureSvg(figure)], { type: 'image/svg+xml' }));
}
