/**
 * @file The bench: a temporary workspace that all benchmarks of one call share, worked by the command line as a user
 * would. Each dataset is imported once and each run trained once, whichever benchmark asks for it first.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { mnistFolder } from './data.ts';
import { lastLine, type Findings } from './measure.ts';

export type Benchmark = {
  /** What it measures, in a sentence. */
  readonly about: string;
  readonly run: (bench: Bench) => Promise<Findings>;
};

/** What benchmarks read of a finished run. */
const Report = z.object({
  run: z.string(),
  parameters: z.number(),
  steps: z.number(),
  seconds: z.number(),
  stepSeconds: z.number(),
  engineSeconds: z.number(),
  test: z.object({ accuracy: z.number() }),
});
export type Report = z.infer<typeof Report>;

const Exported = z.object({
  files: z.array(z.string()),
  bytes: z.object({ before: z.number(), after: z.number() }).optional(),
  verified: z.object({
    samples: z.number(),
    maxAbsDiff: z.number(),
    agree: z.number(),
    accuracy: z.object({ before: z.number(), after: z.number() }).optional(),
  }),
});

/** Datasets by name, and the words that make each. */
const datasets = {
  mnist: ['import', mnistFolder ?? 'no MNIST'],
  generated: ['sample', '--count', '10000'],
} as const;
export type DatasetName = keyof typeof datasets;

export type Bench = ReturnType<typeof createBench>;

/** @param folder an empty one, for everything that is written. */
export function createBench(folder: string) {
  const workspace = join(folder, 'workspace');
  const imported = new Map<string, Promise<unknown>>();
  const trained = new Map<string, Promise<Report>>();

  const inkling = <S extends z.ZodType>(schema: S, words: readonly string[]) =>
    lastLine(schema, process.execPath, [cli, ...words, '--workspace', workspace, '--json']);

  const train = async (dataset: DatasetName, words: readonly string[]): Promise<Report> => {
    await once(imported, dataset, () =>
      inkling(z.unknown(), [...datasets[dataset], '--dataset', dataset]),
    );
    return inkling(Report, ['train', '--dataset', dataset, ...words]);
  };

  return {
    folder,

    /** Trains a network, unless the same words were trained before. */
    trained: (dataset: DatasetName, words: readonly string[]): Promise<Report> =>
      once(trained, [dataset, ...words].join(' '), () => train(dataset, words)),

    /** Trains a network even if the same words were trained before: for timings. */
    train,

    /** Exports a run to ONNX; the program itself compares the file with the run on test images. */
    exportOnnx: ({ run }: Report) =>
      inkling(Exported, ['export', run, '--out', join(folder, 'exports'), '--overwrite']),

    /** The same in another format. */
    exportAs: ({ run }: Report, format: string) =>
      inkling(Exported, [
        ...['export', run, '--format', format],
        ...['--out', join(folder, 'exports'), '--overwrite'],
      ]),
  };
}

const cli = join(import.meta.dirname, '../src-main/cli.ts');

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const result = made.get(key) ?? make();
  made.set(key, result);
  return result;
}
