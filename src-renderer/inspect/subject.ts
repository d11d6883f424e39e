/** @file Which images are judged: the choices there are, in words and as values of a list. */
import type { DatasetInfo, Part } from '../../src-core/contract.ts';
import type {
  Disagreement,
  EvaluatedOn,
  EvaluationInfo,
} from '../../src-core/contract/inspecting.ts';
import type { RunInfo } from '../../src-core/contract/training.ts';
import { countText, plural } from '../ui/format.ts';

/** The run beside the one that is looked at. */
export type Compared = {
  readonly run: string;
  readonly evaluation: EvaluationInfo;
  readonly disagreement: Disagreement;
};

type Counts = { readonly train: number; readonly validation: number; readonly test: number };

const partsShown = ['test', 'validation', 'train'] as const satisfies readonly Part[];
const titles = { test: 'Test', validation: 'Validation', train: 'Training' } as const;

/** What a run is judged on to begin with: images that it has not seen, as far as there are some. */
export const firstPart = (images: Counts): Part =>
  partsShown.find((part) => images[part] > 0) ?? 'test';

export type OnOption = {
  readonly value: string;
  readonly label: string;
  readonly disabled: boolean;
};

/** Parts of the run's own snapshot. */
export function snapshotOptions(images: Counts): OnOption[] {
  return partsShown.map((part) => ({
    value: `snapshot ${part}`,
    label: `${titles[part]} · ${plural(images[part], 'image')}`,
    disabled: images[part] === 0,
  }));
}

/** Images of a dataset as they are now. */
export function datasetOptions({ id, images, splits }: DatasetInfo): OnOption[] {
  const all = {
    value: `dataset ${id} all`,
    label: `All · ${plural(images, 'image')}`,
    disabled: images === 0,
  };
  const parts = partsShown.map((part) => ({
    value: `dataset ${id} ${part}`,
    label: `${titles[part]} · ${plural(splits[part], 'image')}`,
    disabled: splits[part] === 0,
  }));
  return [...parts, all];
}

export function valueOf(on: EvaluatedOn): string {
  return on.kind === 'snapshot'
    ? `snapshot ${on.part}`
    : `dataset ${on.dataset} ${on.part ?? 'all'}`;
}

export function onOf(value: string): EvaluatedOn {
  const [kind, first, second] = value.split(' ');
  if (kind === 'snapshot') return { kind, part: partOf(first) ?? 'test' };
  return { kind: 'dataset', dataset: Number(first), part: partOf(second) };
}

const partOf = (word: string | undefined): Part | null =>
  partsShown.find((part) => part === word) ?? null;

/** In a sentence: `test images of this run`. */
export function onWords(on: EvaluatedOn, datasets: readonly DatasetInfo[]): string {
  if (on.kind === 'snapshot') return `${titles[on.part].toLowerCase()} images of this run`;
  const name = datasets.find(({ id }) => id === on.dataset)?.name ?? 'a dataset that was removed';
  return `${on.part === null ? 'all' : titles[on.part].toLowerCase()} images of ${name}`;
}

/** The same images for two runs: their snapshot if they share it, else those of the dataset as it is now. */
export function pairOn(
  on: EvaluatedOn,
  a: Pick<RunInfo, 'snapshot' | 'dataset'> | undefined,
  b: Pick<RunInfo, 'snapshot'> | undefined,
): EvaluatedOn | null {
  if (on.kind === 'dataset' || (a && b && a.snapshot === b.snapshot)) return on;
  return a?.dataset ? { kind: 'dataset', dataset: a.dataset.id, part: on.part } : null;
}

export function judgedText({ samples, unjudged }: EvaluationInfo): string {
  const left = unjudged > 0 ? `, ${countText(unjudged)} without a label it knows left out` : '';
  return `${plural(samples, 'image')} judged${left}`;
}
