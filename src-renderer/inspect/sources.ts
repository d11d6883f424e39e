/** @file What the gallery can show: a cell, all mistakes, and where two runs differ. */
import type { EvaluationInfo } from '../../src-core/contract/inspecting.ts';
import { api } from '../transport.ts';
import { countText } from '../ui/format.ts';
import type { GallerySource } from './gallery.svelte.ts';
import { countAt, type Cell } from './matrix.ts';
import type { Compared } from './subject.ts';

/** What is shown: a cell of the matrix, or one of these. */
export type GalleryKind = 'cell' | 'mistakes' | 'onlyA' | 'onlyB' | 'bothWrong';

export function cellSource(evaluation: EvaluationInfo, cell: Cell): GallerySource {
  const { classes } = evaluation;
  const [label, predicted] = [classes[cell.label] ?? '', classes[cell.predicted] ?? ''];
  return {
    title: `Labeled ${label}, predicted ${predicted}`,
    name: 'Images of this cell',
    expected: countAt(evaluation.confusion, cell),
    dataset: evaluation.dataset,
    evaluations: [evaluation.evaluation],
    open: () => api.inspect.cell({ evaluation: evaluation.evaluation, ...cell, onlyWrong: false }),
  };
}

/** The most confident first. */
export function mistakesSource(evaluation: EvaluationInfo): GallerySource {
  const all = { label: null, predicted: null, onlyWrong: true };
  return {
    title: 'Mistakes, the most confident first',
    name: 'Mistakes by confidence',
    expected: evaluation.mistakeCount,
    dataset: evaluation.dataset,
    evaluations: [evaluation.evaluation],
    open: () => api.inspect.cell({ evaluation: evaluation.evaluation, ...all }),
  };
}

export function differenceSource(
  evaluation: EvaluationInfo,
  compared: Compared,
  kind: 'onlyA' | 'onlyB' | 'bothWrong',
  run: string,
): GallerySource {
  const words = differenceWords(run, compared.run)[kind];
  const [a, b] = [evaluation.evaluation, compared.evaluation.evaluation];
  return {
    title: words,
    name: words,
    expected: compared.disagreement[kind].count,
    dataset: evaluation.dataset,
    evaluations: [a, b],
    open: async () => (await api.inspect.disagreement({ a, b }))[kind],
  };
}

const differenceWords = (a: string, b: string) => ({
  onlyA: `Only ${a} right`,
  onlyB: `Only ${b} right`,
  bothWrong: 'Both wrong',
});

/** The choices above the gallery, each with how many images it has. */
export function galleryOptions(
  evaluation: EvaluationInfo,
  compared: Compared | null,
  run: string,
): { value: GalleryKind; label: string }[] {
  const first = [
    { value: 'cell', label: 'One cell' },
    { value: 'mistakes', label: `All mistakes ${countText(evaluation.mistakeCount)}` },
  ] as const;
  if (!compared) return [...first];
  const words = differenceWords(run, compared.run);
  const rest = (['onlyA', 'onlyB', 'bothWrong'] as const).map((value) => ({
    value,
    label: `${words[value]} ${countText(compared.disagreement[value].count)}`,
  }));
  return [...first, ...rest];
}
