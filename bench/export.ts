/**
 * @file How far the answers of exported files are from those of the runs they came from, how large the files are, and
 * how fast a C header predicts.
 */
import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { mnistRuns } from './accuracy.ts';
import type { Bench, Benchmark, Report } from './bench.ts';
import { mnistFolder, mnistMissing } from './data.ts';
import { atLeast, atMost, percents, rate, tiny, type Row } from './measure.ts';

const differenceBar = 1e-5;
const int8LossBar = 0.005;
const int8SizeBar = 0.3;
const pageBytesBar = 2e6;
const predictionsPerSecondBar = 10_000;

const run = promisify(execFile);

export const exports: Benchmark = {
  about:
    'Answers of exported files against those of their runs, sizes, and the speed of a C header on one core.',
  async run(bench) {
    if (!mnistFolder) return { rows: [], notes: [mnistMissing] };
    const rows: Row[] = [];
    for (const title of ['mlp-128-64, ReLU, 5 epochs', 'cnn-32-64, ReLU, 3 epochs'] as const) {
      const report = await bench.trained('mnist', mnistRuns[title].words);
      rows.push(...(await answersOf(title, report, bench)));
      if (title.startsWith('cnn-32-64')) rows.push(await pageSize(title, report, bench));
    }
    const small = await bench.trained('mnist', ['--preset', 'mlp-16-16', '--epochs', '3']);
    rows.push(await speedOfHeader(small, bench));
    return { rows, notes: [] };
  },
};

/** Formats that keep all digits of the parameters, and those that do not. */
async function answersOf(title: string, report: Report, bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const format of ['onnx', 'c', 'web']) {
    const { verified } = await bench.exportAs(report, format);
    const what = `${title}, ${format}: largest difference on ${verified.samples} test images`;
    rows.push(atMost(what, [verified.maxAbsDiff], differenceBar, tiny));
  }
  for (const format of ['onnx-int8', 'c-int8']) {
    const { verified, bytes } = await bench.exportAs(report, format);
    const { before = NaN, after = NaN } = verified.accuracy ?? {};
    const images = `on ${verified.samples} test images`;
    const what = `${title}, ${format}`;
    rows.push(atMost(`${what}: accuracy lost ${images}`, [before - after], int8LossBar, percents));
    if (!bytes) continue;
    const share = bytes.after / bytes.before;
    rows.push(atMost(`${what}: share of the size`, [share], int8SizeBar, percents));
  }
  return rows;
}

async function pageSize(title: string, report: Report, bench: Bench): Promise<Row> {
  const { files } = await bench.exportAs(report, 'web');
  const { size } = await stat(files[0]!);
  return atMost(
    `${title}, web: size`,
    [size / 1e6],
    pageBytesBar / 1e6,
    (value) => `${value.toFixed(2)} MB`,
  );
}

/** Predictions of one picture after another, by the processor's own clock. */
async function speedOfHeader(report: Report, bench: Bench): Promise<Row> {
  const { files } = await bench.exportAs(report, 'c');
  const header = basename(files[0]!, '.h');
  const source = join(bench.folder, 'exports', 'speed.c');
  const program = join(bench.folder, 'exports', 'speed');
  await writeFile(source, speedSource(header));
  await run('cc', ['-std=c99', '-O2', '-Wall', '-Wextra', '-Werror', source, '-o', program, '-lm']);
  const rates: number[] = [];
  for (let round = 0; round < 5; round++) rates.push(Number((await run(program)).stdout));
  return atLeast('mlp-16-16, c: predictions per second', rates, predictionsPerSecondBar, rate);
}

function speedSource(header: string): string {
  const prefix = `inkling_${header}`;
  return `#include <stdio.h>
#include <time.h>
#include "${header}.h"
int main(void) {
  static uint8_t pixels[${prefix.toUpperCase()}_PIXELS];
  float probabilities[${prefix.toUpperCase()}_CLASSES];
  const long rounds = 20000;
  long sum = 0;
  clock_t start = clock();
  for (long n = 0; n < rounds; n++) {
    pixels[n % sizeof pixels] = (uint8_t)(n * 31);
    sum += ${prefix}_predict(pixels, probabilities);
  }
  printf("%f", rounds / ((double)(clock() - start) / CLOCKS_PER_SEC));
  return sum < 0;
}
`;
}
