/** @file What the presets reach on MNIST's test set. Figures only: nothing is chosen by them. */
import { openModel } from '../src-core/export/openModel.ts';
import type { Bench, Benchmark } from './bench.ts';
import { mnistFolder, mnistMissing, mnistTest } from './data.ts';
import { atLeast, percents, plain, seconds, type Row } from './measure.ts';

/** The runs that have to reach a test accuracy, by their title, as words of the command line. */
export const mnistRuns = {
  'mlp-128-64, ReLU, 5 epochs': { words: ['--preset', 'mlp-128-64', '--epochs', '5'], bar: 0.974 },
  'mlp-16-16, sigmoid, squared error, 10 epochs': {
    words: [
      ...['--preset', 'mlp-16-16', '--epochs', '10'],
      ...['--activation', 'sigmoid', '--output', 'sigmoid', '--loss', 'mse'],
    ],
    bar: 0.92,
  },
  'cnn-32-64, ReLU, 3 epochs': { words: ['--preset', 'cnn-32-64', '--epochs', '3'], bar: 0.988 },
} as const;

/** 784·16 + 16 + 16·16 + 16 + 16·10 + 10. */
const classicParameters = 13_002;

/** An aim: these networks have never seen a real digit. */
const generatedAim = 0.8;
const generatedEpochs = '10';

export const accuracy: Benchmark = {
  about: 'Accuracy on the 10 000 images of MNIST’s test set, seed 1.',
  async run(bench) {
    if (!mnistFolder) return { rows: [], notes: [mnistMissing] };
    const rows: Row[] = [];
    for (const title of Object.keys(mnistRuns) as (keyof typeof mnistRuns)[])
      rows.push(...(await onMnist(title, bench)));
    for (const preset of ['mlp-128-64', 'cnn-32-64'])
      rows.push(await fromGenerated(preset, mnistFolder, bench));
    return { rows, notes: [] };
  },
};

async function onMnist(title: keyof typeof mnistRuns, bench: Bench): Promise<Row[]> {
  const { words, bar } = mnistRuns[title];
  const report = await bench.trained('mnist', words);
  const rows = [
    atLeast(title, [report.test.accuracy], bar, percents),
    plain(`${title}: time`, seconds(report.seconds)),
  ];
  if (!title.startsWith('mlp-16-16')) return rows;
  const { parameters } = report;
  const holds = parameters === classicParameters;
  const what = `${title}: parameters`;
  return [...rows, { what, figure: String(parameters), bar: `= ${classicParameters}`, holds }];
}

/** Trains on generated digits and reads real ones with the exported file. */
async function fromGenerated(preset: string, mnist: string, bench: Bench): Promise<Row> {
  const report = await bench.trained('generated', [
    ...['--preset', preset, '--epochs', generatedEpochs],
  ]);
  const { files } = await bench.exportOnnx(report);
  const share = await accuracyOf(files[0]!, mnistTest(mnist));
  const what = `${preset} trained on 10 000 generated digits, ${generatedEpochs} epochs (an aim)`;
  return atLeast(what, [share], generatedAim, percents);
}

async function accuracyOf(
  file: string,
  { pixels, labels }: ReturnType<typeof mnistTest>,
): Promise<number> {
  const model = await openModel(file);
  const classes = model.classes.length;
  const scores = await model.predict(pixels);
  await model.dispose();
  const isRight = (label: number, i: number) => {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    return model.classes[row.indexOf(Math.max(...row))] === String(label);
  };
  return labels.filter(isRight).length / labels.length;
}
