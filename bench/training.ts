/**
 * @file Speed of training against its peers, on random images. All take turns, round by round, each in a fresh
 * process, so that nobody's idle threads disturb the next; ratios are taken within a round.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { atLeast, lastLine, plain, rate, spread, times, type Row } from './measure.ts';

const rounds = 5;
const batchSize = 128;
const { threads } = nodePorts();

/** Steps that take about a second on two cores, after some that do not count; and how much faster we must be. */
const contests = {
  'mlp-128-64': { warmUp: 100, counted: 500, bars: { pytorch: 4, tfjs: 100 } },
  // TensorFlow.js takes 40 s for one step of it.
  'cnn-32-64': { warmUp: 5, counted: 40, bars: { pytorch: 1.3, tfjs: null } },
} as const;
type Preset = keyof typeof contests;

/** Each takes a tenth of a second. */
const tfjsSteps = { warmUp: 2, counted: 8 };

export const training: Benchmark = {
  about: `Samples per second of training with Adam on ${batchSize} random images a step: median, smallest and largest of ${rounds} rounds. Ratios are taken within a round.`,
  async run() {
    const python = await findPython();
    const rows: Row[] = [];
    for (const preset of ['mlp-128-64', 'cnn-32-64'] as const)
      rows.push(...(await contest(preset, python)));
    return { rows, notes: python ? [] : [noPytorch] };
  },
};

const noPytorch =
  'PyTorch is not here, so nothing is compared with it. On Debian: apt install python3-torch libopenblas0-pthread.';

/** Debian's own Python, which sees the system's packages, or else the first in the path. */
async function findPython(): Promise<string | null> {
  for (const program of ['/usr/bin/python3', 'python3']) {
    const words = ['-c', 'import torch; print(1)'];
    const found = await lastLine(z.literal(1), program, words).catch(() => null);
    if (found) return program;
  }
  return null;
}

/** Samples per second, round by round. */
type Rates = readonly number[];

async function contest(preset: Preset, python: string | null): Promise<Row[]> {
  const contenders = contendersFor(preset, python);
  const rates: Record<string, number[]> = {};
  const labels: Record<string, string> = {};
  for (let round = 0; round < rounds; round++)
    for (const { name, title, program, words } of contenders) {
      const { version, secondsPerStep } = await lastLine(Result, program, words);
      (rates[name] ??= []).push(batchSize / secondsPerStep);
      labels[name] = `${title} ${version}`;
    }
  return [
    ...contenders.map(({ name, threads }) => {
      const what = `${preset}: ${labels[name]!}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      return plain(what, spread(rates[name]!, rate));
    }),
    ...ratios(preset, rates),
  ];
}

const Result = z.object({ version: z.string(), secondsPerStep: z.number().positive() });

type Contender = {
  readonly name: string;
  readonly title: string;
  readonly threads: number;
  readonly program: string;
  readonly words: readonly string[];
};

/** What is started for each contender; all take the same words and print the same line. */
const files = {
  inkling: fileURLToPath(new URL('./steps.ts', import.meta.url)),
  pytorch: fileURLToPath(new URL('./peers/pytorch.py', import.meta.url)),
  tfjs: fileURLToPath(new URL('./peers/tfjs.ts', import.meta.url)),
};

/** PyTorch on two threads can be slower than on one with networks this small: both are shown. */
function contendersFor(preset: Preset, python: string | null): Contender[] {
  const { warmUp, counted, bars } = contests[preset];
  const node = process.execPath;
  const words = (file: string, threads: number) => [
    file,
    ...[preset, batchSize, threads, warmUp, counted].map(String),
  ];
  const inkling = (name: string, threads: number): Contender => {
    const title = 'Inkling on onnxruntime';
    return { name, title, threads, program: node, words: words(files.inkling, threads) };
  };
  const pytorch = (name: string, threads: number): Contender[] => {
    if (!python) return [];
    const title = 'PyTorch';
    return [{ name, title, threads, program: python, words: words(files.pytorch, threads) }];
  };
  const tfjsWords = [batchSize, tfjsSteps.warmUp, tfjsSteps.counted].map(String);
  const tfjs: Contender = {
    name: 'tfjs',
    title: 'TensorFlow.js',
    threads: 1,
    program: node,
    words: [files.tfjs, ...tfjsWords],
  };
  return [
    inkling('inkling', threads),
    ...pytorch('pytorch', threads),
    ...(bars.tfjs === null ? [] : [tfjs]),
    inkling('inklingSingle', 1),
    ...pytorch('pytorchSingle', 1),
  ];
}

function ratios(preset: Preset, rates: Readonly<Record<string, Rates>>): Row[] {
  const { bars } = contests[preset];
  const { inkling, pytorch, tfjs, inklingSingle, pytorchSingle } = rates;
  const rows: Row[] = [];
  if (inkling && inklingSingle && pytorch && pytorchSingle) {
    const faster = pytorch.map((speed, round) => Math.max(speed, pytorchSingle[round]!));
    rows.push(
      atLeast(`${preset}: Inkling / PyTorch`, divided(inkling, pytorch), bars.pytorch, times),
      plain(
        `${preset}: Inkling / the faster PyTorch of the two`,
        spread(divided(inkling, faster), times),
      ),
      plain(
        `${preset}: Inkling / PyTorch, one thread each`,
        spread(divided(inklingSingle, pytorchSingle), times),
      ),
    );
  }
  if (inkling && tfjs && bars.tfjs !== null)
    rows.push(
      atLeast(`${preset}: Inkling / TensorFlow.js`, divided(inkling, tfjs), bars.tfjs, times),
    );
  return rows;
}

function divided(a: Rates, b: Rates): number[] {
  return a.map((value, round) => value / b[round]!);
}
