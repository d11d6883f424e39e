/**
 * @file The contract carried out: each procedure is one call of the app. What goes wrong as expected is told with
 * its code, sentence and hint; anything else is a defect, reported to the host and told as such, without its inside.
 */
import { implement, ORPCError, ValidationError } from '@orpc/server';
import type { App } from './app.ts';
import { problemOf } from './app/jobs.ts';
import type { ExportPlace, FilePlace, ImportPlace } from './app/datasets.ts';
import { contract, type AppInfo, type ImportFrom } from './contract.ts';
import type { FileFrom } from './contract/inspecting.ts';
import { failure, InklingError } from './errors.ts';

export { problemOf };
export type { FilePlace };

/** What the hosts differ in. */
export type HostPorts = Pick<AppInfo, 'host' | 'platform'> & {
  /** These throw an InklingError for what this host does not read from. */
  readonly importPlace: (from: ImportFrom) => Promise<ImportPlace>;
  readonly filePlace: (from: FileFrom) => Promise<FilePlace>;
  /** @throws InklingError for a place this host does not write to */
  readonly exportPlace: (folder: string | null) => Promise<ExportPlace>;
  /** Told of defects, with their stack. */
  readonly reportDefect: (error: unknown) => void;
};

/** A setting is a choice or a saved filter, not a file. */
const settingCharsMax = 100_000;

/** What goes wrong in any procedure is told in one way. */
const implementer = (reportDefect: HostPorts['reportDefect']) =>
  implement(contract).use(async ({ next }) => {
    try {
      return await next();
    } catch (error) {
      throw told(error, reportDefect);
    }
  });
type Implementer = ReturnType<typeof implementer>;

export function createRouter(app: App, host: HostPorts) {
  const os = implementer(host.reportDefect);
  return os.router({
    app: {
      info: os.app.info.handler(() => infoOf(app, host)),
      doctor: os.app.doctor.handler(async () => doctorOf(await app.doctor())),
      events: os.app.events.handler(async ({ signal }) => app.hub.events(signal)),
    },
    settings: {
      get: os.settings.get.handler(({ input }) => app.workspace.settings.get(input.key) ?? null),
      set: os.settings.set.handler(({ input }) => setSetting(app, input.key, input.value)),
    },
    jobs: {
      list: os.jobs.list.handler(() => app.jobs.list()),
      cancel: os.jobs.cancel.handler(({ input }) => app.jobs.cancel(input.id)),
      dismiss: os.jobs.dismiss.handler(({ input }) => app.jobs.dismiss(input.id)),
    },
    datasets: datasetRoutes(os, app, host),
    imports: {
      preview: os.imports.preview.handler(async ({ input }) =>
        app.datasets.preview(await host.importPlace(input.from)),
      ),
      start: os.imports.start.handler(async ({ input }) => {
        const place = await host.importPlace(input.from);
        return { job: app.datasets.import(place, input.dataset) };
      }),
    },
    classes: classRoutes(os, app),
    models: modelRoutes(os, app, host),
    inspect: inspectRoutes(os, app),
    images: {
      add: os.images.add.handler(({ input }) => app.pictures.images.add(input)),
      open: os.images.open.handler(({ input }) => app.pictures.images.open(input)),
      info: os.images.info.handler(({ input }) => app.pictures.images.info(input)),
      locate: os.images.locate.handler(({ input }) => app.pictures.images.locate(input)),
      range: os.images.range.handler(({ input }) => app.pictures.images.range(input)),
      remove: os.images.remove.handler(({ input }) => app.pictures.images.remove(input)),
      flag: os.images.flag.handler(({ input }) => app.pictures.images.flag(input)),
    },
    labels: {
      set: os.labels.set.handler(({ input }) => app.pictures.labels.set(input)),
      undo: os.labels.undo.handler(({ input }) => app.pictures.labels.undo(input)),
      redo: os.labels.redo.handler(({ input }) => app.pictures.labels.redo(input)),
    },
    splits: {
      redraw: os.splits.redraw.handler(({ input }) => app.pictures.splits.redraw(input)),
      assign: os.splits.assign.handler(({ input }) => app.pictures.splits.assign(input)),
    },
    training: trainingRoutes(os, app),
    runs: runRoutes(os, app),
    exports: exportRoutes(os, app, host),
  });
}

function datasetRoutes({ datasets: os }: Pick<Implementer, 'datasets'>, app: App, host: HostPorts) {
  const { datasets } = app;
  return {
    list: os.list.handler(() => datasets.list()),
    get: os.get.handler(({ input }) => datasets.get(input.dataset)),
    create: os.create.handler(({ input }) => datasets.create(input.name, input.classes)),
    rename: os.rename.handler(({ input }) => datasets.rename(input.dataset, input.name)),
    remove: os.remove.handler(({ input }) => datasets.remove(input.dataset)),
    sample: os.sample.handler(({ input }) => ({
      job: datasets.sample(input.name, input.count, input.seed),
    })),
    export: os.export.handler(async ({ input }) => {
      const place = await host.exportPlace(input.folder);
      return { job: datasets.export(input.dataset, input.format, place) };
    }),
  };
}

function trainingRoutes({ training: os }: Pick<Implementer, 'training'>, { training }: App) {
  return {
    catalog: os.catalog.handler(() => training.catalog()),
    curves: os.curves.handler(({ input }) => training.curves(input.activations)),
    defaults: os.defaults.handler(({ input }) => training.defaults(input.dataset, input.preset)),
    check: os.check.handler(({ input }) => training.check(input)),
    calibrate: os.calibrate.handler(({ input, signal }) => training.calibrate(input, signal)),
    devices: os.devices.handler(() => training.devices()),
    start: os.start.handler(({ input }) => training.start(input)),
  };
}

function runRoutes({ runs: os }: Pick<Implementer, 'runs'>, { runViews: runs, training }: App) {
  return {
    list: os.list.handler(() => runs.list()),
    capsule: os.capsule.handler(({ input }) => runs.capsule(input.run)),
    epochs: os.epochs.handler(({ input }) => runs.epochs(input.runs)),
    live: os.live.handler(async ({ signal }) => runs.live(signal)),
    rename: os.rename.handler(({ input }) => runs.rename(input.run, input.name)),
    pause: os.pause.handler(({ input }) => runs.pause(input.run)),
    resume: os.resume.handler(({ input }) => runs.resume(input.run, input.moreEpochs)),
    stop: os.stop.handler(({ input }) => runs.stop(input.run)),
    cancel: os.cancel.handler(({ input }) => runs.cancel(input.run)),
    remove: os.remove.handler(({ input }) => runs.remove(input.runs)),
    reorder: os.reorder.handler(({ input }) => runs.reorder(input.runs)),
    again: os.again.handler(({ input }) => runs.again(input.run)),
    follow: os.follow.handler(({ input }) => training.follow(input.run, input.from)),
    concurrency: os.concurrency.handler(() => runs.concurrency()),
    setConcurrency: os.setConcurrency.handler(({ input }) => runs.setConcurrency(input.runs)),
    compare: os.compare.handler(({ input }) => runs.compare(input.runs, input.target)),
    comparisonText: os.comparisonText.handler(({ input }) =>
      runs.comparisonText(input.runs, input.target, input.format),
    ),
  };
}

function exportRoutes({ exports: os }: Pick<Implementer, 'exports'>, app: App, host: HostPorts) {
  const { exports } = app;
  return {
    formats: os.formats.handler(({ input }) => exports.formats(input)),
    start: os.start.handler(async ({ input: { run, folder, settings, ...asked } }) => ({
      job: await exports.start(run, { ...asked, ...settings }, () => host.exportPlace(folder)),
    })),
    list: os.list.handler(({ input }) => exports.list(input.run)),
    confidence: os.confidence.handler(({ input, signal }) => exports.confidence(input.run, signal)),
    openCapsule: os.openCapsule.handler(async ({ input }) => {
      const { path, done } = await host.filePlace(input.from);
      try {
        return await app.runViews.openCapsule(path);
      } finally {
        await done?.();
      }
    }),
  };
}

function classRoutes({ classes: os }: Pick<Implementer, 'classes'>, { classes }: App) {
  return {
    add: os.add.handler(({ input }) => classes.add(input.dataset, input.name)),
    rename: os.rename.handler(({ input }) =>
      classes.rename(input.dataset, input.class, input.name),
    ),
    merge: os.merge.handler(({ input }) => classes.merge(input.dataset, input.class, input.into)),
    recolor: os.recolor.handler(({ input }) =>
      classes.recolor(input.dataset, input.class, input.color),
    ),
    setKey: os.setKey.handler(({ input }) => classes.bind(input.dataset, input.class, input.key)),
    reorder: os.reorder.handler(({ input }) => classes.reorder(input.dataset, input.classes)),
    remove: os.remove.handler(({ input }) => classes.remove(input.dataset, input.class)),
  };
}

function modelRoutes({ models: os }: Pick<Implementer, 'models'>, app: App, host: HostPorts) {
  const { models } = app.inspecting;
  return {
    list: os.list.handler(() => models.list()),
    open: os.open.handler(async ({ input }) => {
      const { path, shown, done } = await host.filePlace(input.from);
      return models.open(path, shown, done);
    }),
    close: os.close.handler(({ input }) => models.close(input.file)),
    predict: os.predict.handler(async ({ input }) => ({
      answers: await models.predict(input.asked),
    })),
  };
}

function inspectRoutes({ inspect: os }: Pick<Implementer, 'inspect'>, app: App) {
  const { inspect } = app.inspecting;
  return {
    checkpoints: os.checkpoints.handler(({ input }) => inspect.checkpoints(input)),
    evaluate: os.evaluate.handler(({ input }) => inspect.evaluate(input)),
    mistakes: os.mistakes.handler(({ input }) => inspect.mistakes(input)),
    predictions: os.predictions.handler(({ input }) => inspect.predictions(input)),
    cell: os.cell.handler(({ input }) => inspect.cell(input)),
    pick: os.pick.handler(({ input }) => inspect.pick(input)),
    disagreement: os.disagreement.handler(({ input }) => inspect.disagreement(input)),
    network: os.network.handler(({ input }) => inspect.network(input)),
    weights: os.weights.handler(({ input }) => inspect.weights(input)),
    activations: os.activations.handler(({ input }) => inspect.activations(input)),
    neuron: os.neuron.handler(({ input }) => inspect.neuron(input)),
    exciting: os.exciting.handler(({ input }) => inspect.exciting(input)),
    gradients: os.gradients.handler(({ input }) => inspect.gradients(input)),
    saliency: os.saliency.handler(({ input }) => inspect.saliency(input)),
    histograms: os.histograms.handler(({ input }) => inspect.histograms(input)),
    embedding: os.embedding.handler(({ input }) => inspect.embedding(input)),
  };
}

function infoOf({ workspace, ports }: App, { host, platform }: HostPorts): AppInfo {
  const { versions, threads } = ports;
  return {
    version: versions['inkling'] ?? '',
    workspace: workspace.folder,
    writable: workspace.writable,
    device: 'CPU',
    threads,
    host,
    platform,
  };
}

/** The report without what only the command line prints. */
function doctorOf({ versions, threads, workspace, devices }: Awaited<ReturnType<App['doctor']>>) {
  const { folder, writable, problems, counts } = workspace;
  return {
    versions: { ...versions },
    threads,
    workspace: { folder, writable, problems: [...problems], counts: { ...counts } },
    devices: devices.map((device) => ({ ...device })),
  };
}

function setSetting({ workspace }: App, key: string, value: unknown): void {
  const text = JSON.stringify(value ?? null);
  if (text.length > settingCharsMax)
    throw failure('setting-invalid', {
      setting: key,
      problem: `it takes ${text.length} characters, and ${settingCharsMax} is the limit`,
    });
  workspace.settings.set(key, value ?? null);
}

/** The error a page is told: its `data` is a `Problem`. */
function told(error: unknown, reportDefect: HostPorts['reportDefect']): Error {
  if (error instanceof InklingError)
    return new ORPCError('BAD_REQUEST', { message: error.message, data: problemOf(error) });
  if (error instanceof ORPCError && error.cause instanceof ValidationError && error.status < 500) {
    const refusal = failure('call-invalid', { problem: issueText(error.cause) });
    return new ORPCError('BAD_REQUEST', { message: refusal.message, data: problemOf(refusal) });
  }
  reportDefect(error instanceof ORPCError ? (error.cause ?? error) : error);
  const problem = problemOf(error);
  return new ORPCError('INTERNAL_SERVER_ERROR', { message: problem.message, data: problem });
}

function issueText({ issues }: ValidationError): string {
  const [first] = issues;
  const path = (first?.path ?? []).map((step) =>
    String(typeof step === 'object' ? step.key : step),
  );
  return [path.join('.'), first?.message ?? 'it does not fit'].filter(Boolean).join(': ');
}
