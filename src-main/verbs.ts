/**
 * @file The verbs of the command line, one row each: its arguments and options, what it does, and how people read
 * the result. With `--json` the result is the last line of stdout.
 */
import type { App } from '../src-core/app.ts';
import { ensurePage } from './builtPage.ts';
import { demo } from './demo.ts';
import {
  agreement,
  compare,
  follow,
  repetition,
  sayConfidence,
  sayPruning,
  shrinking,
  type TrainReport,
} from './following.ts';
import { inspectionText } from './inspection.ts';
import {
  compareOptions,
  exportOptions,
  importOptions,
  inspectOptions,
  resumeOptions,
  sampleOptions,
  serveOptions,
  trainOptions,
  type OptionTable,
  type OptionValues,
} from './options.ts';
import { serve } from './serve.ts';
import { count, percent, table, type Terminal } from './terminal.ts';

export type Call<T extends OptionTable> = {
  readonly app: App;
  readonly terminal: Terminal;
  readonly args: readonly string[];
  readonly options: OptionValues<T>;
};

export type Verb<T extends OptionTable = OptionTable> = {
  readonly name: string;
  /** As commander writes them: `<one>`, `<several...>`. */
  readonly arguments: string;
  readonly summary: string;
  readonly options: T;
  /** Makes the workspace it is given where there is none; every other verb refuses. */
  readonly begins?: true;
  /** Does it, says what people want to read, and returns what `--json` prints. */
  readonly run: (call: Call<T>) => Promise<unknown>;
  /** Whether it came to less than was asked for, told by what `run` returned: the exit code is then 1. */
  readonly fellShort?: (result: unknown) => boolean;
};

/** A row whose `run` sees the options of its own table. */
const verb = <T extends OptionTable>(row: Verb<T>): Verb => row as unknown as Verb;

export const verbs: readonly Verb[] = [
  verb({
    name: 'import',
    arguments: '<path>',
    summary: 'read a folder per class, ZIP, IDX files, or a CSV or JSONL list into a dataset',
    options: importOptions,
    begins: true,
    run: ({ app, terminal, args: [path], options }) =>
      importInto(terminal, (onProgress) => app.importPath(path!, { ...options, onProgress })),
  }),
  verb({
    name: 'sample',
    arguments: '',
    summary: 'make a dataset of generated digits, no download needed',
    options: sampleOptions,
    begins: true,
    run: ({ app, terminal, options }) =>
      importInto(terminal, (onProgress) => app.sampleDigits({ ...options, onProgress })),
  }),
  verb({
    name: 'train',
    arguments: '',
    summary: 'train one network',
    options: trainOptions,
    async run({ app, terminal, options }) {
      const report = await follow(app, app.start(options), terminal);
      sayReport(report, terminal);
      return report;
    },
  }),
  verb({
    name: 'compare',
    arguments: '',
    summary: 'train the same network with several activations and seeds, and compare them',
    options: compareOptions,
    async run({ app, terminal, options }) {
      const { runs, failed, comparison } = await compare(app, options, terminal);
      const { table: text, ...figures } = comparison;
      terminal.say();
      terminal.say(text);
      for (const { run, code, message } of failed)
        terminal.say(`${run} failed, ${code}: ${message}`);
      return { ...figures, runs, failed };
    },
    fellShort: (result) =>
      typeof result === 'object' &&
      result !== null &&
      'failed' in result &&
      Array.isArray(result.failed) &&
      result.failed.length > 0,
  }),
  verb({
    name: 'resume',
    arguments: '<run>',
    summary: 'continue an interrupted or stopped run, or a finished one with --epochs more',
    options: resumeOptions,
    async run({ app, terminal, args: [name], options }) {
      app.supervisor.resume(app.run(name!).id, options.epochs);
      const report = await follow(app, app.run(name!), terminal);
      sayReport(report, terminal);
      return report;
    },
  }),
  verb({
    name: 'runs',
    arguments: '',
    summary: 'list all runs',
    options: {},
    run: async ({ app, terminal }) => {
      const rows = app.runs();
      terminal.say(rows.length > 0 ? runTable(rows) : 'There are no runs yet.');
      return rows;
    },
  }),
  verb({
    name: 'inspect',
    arguments: '<run>',
    summary: 'confusion matrix, figures per class, and the worst mistakes of a run',
    options: inspectOptions,
    async run({ app, terminal, args: [name], options }) {
      const report = await app.inspect(app.run(name!), options.split);
      terminal.say(inspectionText(report));
      return report;
    },
  }),
  verb({
    name: 'predict',
    arguments: '<model> <images...>',
    summary: 'class probabilities of images, by a run or an ONNX file',
    options: {},
    async run({ app, terminal, args: [model, ...images] }) {
      const predictions = await app.predict(model!, images);
      for (const { image, label, probabilities } of predictions)
        terminal.say(`${image}  ${label}  ${percent(Math.max(...Object.values(probabilities)))}`);
      return predictions;
    },
  }),
  verb({
    name: 'export',
    arguments: '<run>',
    summary: "write a run's network, a report or a capsule, and check what was written",
    options: exportOptions,
    async run({ app, terminal, args: [name], options }) {
      const { out: folder, ...asked } = options;
      const result = await app.export(app.run(name!), { ...asked, folder });
      terminal.say(result.files.join('\n'));
      const against = result.pruning ? ', compared with the pruned network' : '';
      terminal.say(`${agreement(result.verified)}${against}`);
      if (result.confidence) sayConfidence(result.confidence, terminal);
      if (result.bytes) terminal.say(shrinking(result.bytes));
      if (result.note !== undefined) terminal.say(result.note);
      if (result.pruning) sayPruning(result.pruning, terminal);
      return result;
    },
  }),
  verb({
    name: 'open-capsule',
    arguments: '<file>',
    summary: 'bring the run in a capsule, and its images where there are any, into this workspace',
    options: {},
    begins: true,
    async run({ app, terminal, args: [path] }) {
      const opened = await app.runViews.openCapsule(path!);
      const { run, cameFrom, dataset, missingImages, images } = opened;
      terminal.say(`${run}, which was ${cameFrom} where it was trained`);
      if (dataset) terminal.say(`${count(images)} images in the dataset ${dataset.name}`);
      terminal.say(
        missingImages === 0
          ? `To see whether it comes out the same here: inkling repeat ${run}`
          : `${count(missingImages)} of its ${count(images)} images are not in this workspace, so it cannot be run again here`,
      );
      return opened;
    },
  }),
  verb({
    name: 'repeat',
    arguments: '<run>',
    summary: 'train a run once more, and see whether the same parameters come out',
    options: {},
    async run({ app, terminal, args: [name] }) {
      const first = app.run(name!);
      const again = await app.runViews.again(first.id);
      const report = await follow(app, app.run(again.run), terminal);
      sayReport(report, terminal);
      const expected = app.run(again.run).repeats?.parametersHash ?? null;
      const identical = expected === null ? null : expected === report.parametersHash;
      terminal.say(repetition(first.id, identical));
      return { ...report, repeats: first.id, identical };
    },
    fellShort: (result) =>
      typeof result === 'object' &&
      result !== null &&
      'identical' in result &&
      result.identical !== true,
  }),
  verb({
    name: 'serve',
    arguments: '',
    summary: 'the app in a browser on this computer, until Ctrl-C',
    options: serveOptions,
    begins: true,
    async run({ app, terminal, options }) {
      await ensurePage(terminal.say);
      const url = await serve(app, options.port, (url) =>
        terminal.say(`Inkling is in your browser: ${url}`),
      );
      return { url };
    },
  }),
  verb({
    name: 'doctor',
    arguments: '',
    summary: 'devices, versions, the state of the workspace, and what is missing',
    options: {},
    async run({ app, terminal }) {
      const report = await app.doctor();
      sayDoctor(report, terminal);
      return report;
    },
  }),
  verb({
    name: 'demo',
    arguments: '',
    summary: 'the whole job on generated digits: import, compare, inspect, export',
    options: {},
    begins: true,
    run: ({ app, terminal }) => demo(app, terminal),
  }),
];

type Progress = { readonly done: number; readonly total: number };

async function importInto(
  terminal: Terminal,
  start: (onProgress: (progress: Progress) => void) => ReturnType<App['importPath']>,
) {
  const began = performance.now();
  const report = await start(({ done, total }) => {
    const rate = done / ((performance.now() - began) / 1000);
    const left = Math.ceil((total - done) / rate);
    terminal.progress(
      `${count(done)} / ${count(total)} · ${count(Math.round(rate))}/s · ${left} s left`,
    );
  });
  const { images, duplicates, classes, splits, skipped, skippedCount } = report;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const known = duplicates > 0 ? `, ${count(duplicates)} were there already` : '';
  terminal.say(`${report.dataset}: ${count(images)} images added in ${seconds} s${known}`);
  terminal.say(
    `classes: ${classes.map((each) => `${each.name} (${count(each.count)})`).join(', ')}`,
  );
  const { train, validation, test, none } = splits;
  terminal.say(
    `train ${count(train)} · validation ${count(validation)} · test ${count(test)} · no split ${count(none)}`,
  );
  if (skippedCount > 0) terminal.say(`skipped ${count(skippedCount)}:`);
  for (const { path, code, reason } of skipped.slice(0, SHOWN_SKIPPED))
    terminal.say(`  ${path}  ${code}: ${reason}`);
  if (skippedCount > SHOWN_SKIPPED) terminal.say('  … the rest with --json');
  return report;
}

/** A screenful. */
const SHOWN_SKIPPED = 20;

function sayReport(report: TrainReport, terminal: Terminal): void {
  const { run, parameters, seconds, samplesPerSecond, test, validation } = report;
  terminal.say(
    `${run} · ${count(parameters)} parameters · ${seconds.toFixed(1)} s · ${count(Math.round(samplesPerSecond))} samples/s`,
  );
  terminal.say(`validation ${percent(validation?.accuracy)} · test ${percent(test?.accuracy)}`);
  terminal.say(`parameters ${report.parametersHash}`);
}

function runTable(rows: ReturnType<App['runs']>): string {
  const header = ['run', 'status', 'preset', 'activation', 'seed', 'epochs', 'validation', 'test'];
  const cells = rows.map((row) => [
    row.cameFrom === null ? row.run : `${row.run} (${row.cameFrom} elsewhere)`,
    row.status,
    row.preset ?? 'network',
    row.activations.join(' '),
    String(row.seed),
    String(row.epochs),
    percent(row.validationAccuracy),
    percent(row.testAccuracy),
  ]);
  return table(header, cells);
}

function sayDoctor(report: Awaited<ReturnType<App['doctor']>>, terminal: Terminal): void {
  for (const [name, version] of Object.entries(report.versions)) terminal.say(`${name} ${version}`);
  const { folder, writable, problems, counts } = report.workspace;
  terminal.say(`workspace ${folder}${writable ? '' : ' (in use by another Inkling: read only)'}`);
  terminal.say(problems.length > 0 ? `database: ${problems.join('; ')}` : 'database: sound');
  terminal.say(
    Object.entries(counts)
      .map(([name, n]) => `${count(n)} ${name}`)
      .join(' · '),
  );
  for (const device of report.devices) {
    const what = `${device.engine} ${device.id}: ${device.label}`;
    if (device.available)
      terminal.say(`${what} · ${device.training ? 'trains and predicts' : 'predicts'}`);
    else terminal.say(`${what} · not available: ${device.reason}\n  ${device.hint}`);
  }
}
