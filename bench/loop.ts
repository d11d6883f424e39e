/** @file What our own loop costs around the engine: batches, metrics, checkpoints, messages. */
import type { Benchmark, Report } from './bench.ts';
import { mnistFolder } from './data.ts';
import { atMost, median, percents, plain } from './measure.ts';

const rounds = 3;
const shareBar = 0.1;

/** About 2000 steps, on whatever digits there are. */
const epochs = mnistFolder ? 5 : 32;
const dataset = mnistFolder ? 'mnist' : 'generated';

export const loop: Benchmark = {
  about: `The share of a step that is not the engine's, in ${rounds} real runs of mlp-128-64 at batch 128.`,
  async run(bench) {
    const reports: Report[] = [];
    for (let round = 0; round < rounds; round++)
      reports.push(
        await bench.train(dataset, ['--preset', 'mlp-128-64', '--epochs', String(epochs)]),
      );
    const shares = reports.map(({ stepSeconds, engineSeconds }) => 1 - engineSeconds / stepSeconds);
    const rows = [
      atMost('our loop around the engine, share of the step', shares, shareBar, percents),
      plain(
        'the engine',
        microseconds(reports, ({ engineSeconds }) => engineSeconds),
      ),
      plain(
        'the whole step',
        microseconds(reports, ({ stepSeconds }) => stepSeconds),
      ),
    ];
    return { rows, notes: [] };
  },
};

function microseconds(reports: readonly Report[], secondsOf: (report: Report) => number): string {
  const perStep = reports.map((report) => (secondsOf(report) / report.steps) * 1e6);
  return `${Math.round(median(perStep))} µs`;
}
