/**
 * @file What there is to choose from when a run is exported: the formats, and which of them takes which choice. A page
 * sends all that it shows, and a format takes of it what concerns it; whoever asks for one thing is told if it has no
 * use.
 */
import type { ExportFormat } from '../contract/exporting.ts';
import { failure } from '../errors.ts';
import { documents, isDocumentName, type DocumentName } from '../export/documents.ts';
import { floatParameters } from '../export/floatLayers.ts';
import type { Format } from '../export/format.ts';
import { formats, parseFormatName } from '../export/formats.ts';
import { resolveNetwork } from '../model/layers.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Run } from '../workspace/runs.ts';

type Choice = ExportFormat['choices'][number];

/** @throws InklingError `export-format-unknown` */
export function exportTitle(format: string): string {
  return isDocumentName(format) ? documents[format].title : formats[parseFormatName(format)].title;
}

/** In the order of the table; documents come last. */
export async function exportFormats(run: Run, unsureBelow: number | null): Promise<ExportFormat[]> {
  const networks = Object.entries(formats).map(([format, row]) =>
    networkCard(run, format, row, unsureBelow),
  );
  const rest = Object.entries(documents).map(([format, row]) => ({
    ...{ format, title: row.title, purpose: row.purpose, extensions: [...row.extensions] },
    choices: choicesOf(format),
    ...{ note: null, estimate: null, use: null, unavailable: null },
  }));
  return [...(await Promise.all(networks)), ...rest];
}

async function networkCard(
  run: Run,
  format: string,
  { title, purpose, note, extensions, size, use, unavailable }: Format,
  unsureBelow: number | null,
): Promise<ExportFormat> {
  return {
    ...{ format, title, purpose, note: note?.(run.spec) ?? null, extensions: [...extensions] },
    choices: choicesOf(format),
    estimate: size ? estimated(size, run.spec) : null,
    use: use?.(run.id, unsureBelow) ?? null,
    unavailable: (await unavailable?.()) ?? null,
  };
}

function estimated(size: NonNullable<Format['size']>, spec: ModelSpec): number {
  const { fixedBytes, bytesPerParameter, bytesPerFloat = bytesPerParameter } = size;
  const float = floatParameters(spec);
  const rounded = resolveNetwork(spec).parameterCount - float;
  return Math.round(fixedBytes + bytesPerParameter * rounded + bytesPerFloat * float);
}

const documentChoices: Readonly<Record<DocumentName, readonly Choice[]>> = {
  report: [],
  capsule: ['images'],
};

function choicesOf(name: string): Choice[] {
  if (isDocumentName(name)) return [...documentChoices[name]];
  const format: Format = formats[parseFormatName(name)];
  return format.isPruned ? ['pruning', 'confidence'] : ['confidence'];
}

/** What can be asked for besides the format; what is absent, off or null is not asked for. */
export type ExportChoices = {
  readonly temperature?: boolean | undefined;
  readonly unsureBelow?: number | null | undefined;
  readonly images?: boolean | undefined;
  readonly sparsity?: number | undefined;
  readonly fineTuneEpochs?: number | undefined;
};

const choiceWords: readonly {
  readonly name: keyof ExportChoices;
  readonly choice: Choice;
  readonly words: string;
}[] = [
  { name: 'temperature', choice: 'confidence', words: 'a temperature (calibration)' },
  { name: 'unsureBelow', choice: 'confidence', words: 'a threshold for unsure answers' },
  { name: 'images', choice: 'images', words: 'images' },
  { name: 'sparsity', choice: 'pruning', words: 'a sparsity' },
  { name: 'fineTuneEpochs', choice: 'pruning', words: 'fine-tuning' },
];

/** @throws InklingError `export-format-unknown`, `export-choice-useless` */
export function refuseUseless(format: string, asked: ExportChoices): void {
  const taken = choicesOf(format);
  const useless = choiceWords.find(
    ({ name, choice }) => isAsked(asked[name]) && !taken.includes(choice),
  );
  if (!useless) return;
  const all = [...Object.keys(formats), ...Object.keys(documents)];
  const known = all.filter((name) => choicesOf(name).includes(useless.choice)).join(', ');
  throw failure('export-choice-useless', { format, choice: useless.words, known });
}

const isAsked = (value: boolean | number | null | undefined): boolean =>
  value !== undefined && value !== null && value !== false;
