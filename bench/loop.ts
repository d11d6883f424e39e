/** @file What our own loop costs around the engine: batches, metrics, checkpoints, messages. */
import type { Benchmark, Report } from './bench.ts';
import { mnistFolder } from './data.ts';
import { atMost, percents, plain, spread } from './measure.ts';

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
    const shares = reports.map((each) => loopSeconds(each) / each.stepSeconds);
    const rows = [
      atMost('our loop, share of the step', shares, shareBar, percents),
      plain('our loop, mean of a step', perStep(reports, loopSeconds)),
      plain('the engine, mean of a step', perStep(reports, engineSeconds)),
    ];
    return { rows, notes: [] };
  },
};

function loopSeconds({ stepSeconds, engineSeconds }: Report): number {
  return stepSeconds - engineSeconds;
}

function engineSeconds(report: Report): number {
  return report.engineSeconds;
}

function perStep(reports: readonly Report[], secondsOf: (report: Report) => number): string {
  return spread(
    reports.map((report) => (secondsOf(report) / report.steps) * 1e6),
    (microseconds) => `${Math.round(microseconds)} µs`,
  );
}
