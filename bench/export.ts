/** @file How far the answers of exported files are from those of the runs they came from. */
import { mnistRuns } from './accuracy.ts';
import type { Benchmark } from './bench.ts';
import { mnistFolder, mnistMissing } from './data.ts';
import { atMost, tiny, type Row } from './measure.ts';

const differenceBar = 1e-5;

export const exports: Benchmark = {
  about: 'The largest difference between two probabilities, of the run and of its ONNX file.',
  async run(bench) {
    if (!mnistFolder) return { rows: [], notes: [mnistMissing] };
    const rows: Row[] = [];
    for (const title of ['mlp-128-64, ReLU, 5 epochs', 'cnn-32-64, ReLU, 3 epochs'] as const) {
      const report = await bench.trained('mnist', mnistRuns[title].words);
      const { verified } = await bench.exportOnnx(report);
      const what = `${title}: ${verified.samples} test images`;
      rows.push(atMost(what, [verified.maxAbsDiff], differenceBar, tiny));
    }
    return { rows, notes: [] };
  },
};
