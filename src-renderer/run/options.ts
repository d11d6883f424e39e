/** @file The options of a run as rows of words, for the capsule. */
import type { TrainOptions } from '../../src-core/contract/training.ts';

type Row = readonly [name: string, value: string];

export function optionRows(options: TrainOptions): readonly Row[] {
  const { loss, optimizer, schedule, augmentation } = options;
  return [
    ['Epochs', String(options.epochs)],
    ['Batch size', String(options.batchSize)],
    ['Optimizer', withConstants(optimizer)],
    ['Learning rate', String(options.learningRate)],
    ['Schedule', withConstants(schedule)],
    ...given('Warm-up', options.warmUpEpochs > 0, `${options.warmUpEpochs} epochs`),
    ['Loss', withConstants(loss)],
    ...given('Weight decay', options.weightDecay > 0, String(options.weightDecay)),
    ...given('Gradient clipped at', options.clipNorm !== null, String(options.clipNorm)),
    ...given(
      'Early stopping',
      options.earlyStopping !== null,
      `after ${options.earlyStopping?.patience} epochs without improvement`,
    ),
    ...given('Weight averaging', options.averaging !== null, `decay ${options.averaging?.decay}`),
    ['Augmentation', augmentation === null ? 'none' : constantsOf(augmentation)],
  ];
}

const given = (name: string, isGiven: boolean, value: string): readonly Row[] =>
  isGiven ? [[name, value]] : [];

/** `adam (beta1 0.9, beta2 0.999)`: the words of the spec, as the JSON has them. */
function withConstants<Spec extends { readonly kind: string }>(spec: Spec): string {
  const { kind, ...constants } = spec;
  const text = constantsOf(constants);
  return text === '' ? kind : `${kind} (${text})`;
}

const constantsOf = (constants: object): string =>
  Object.entries(constants)
    .map(([field, value]) => `${field} ${value}`)
    .join(', ');
