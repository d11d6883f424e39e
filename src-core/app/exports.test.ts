/** @file Exports of a trained run over real processes: what is told of them, and what is left when they are ended. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { nodePorts } from '../../src-main/nodeHost.ts';
import { createApp, type App } from '../app.ts';
import type { Job } from '../contract.ts';
import { formats } from '../export/formats.ts';
import { ModelProto } from '../graph/onnxSchema.ts';
import type { InspectorProcess } from '../inspect/client.ts';
import { exportWork } from './exportWork.ts';

const folder = mkdtempSync(join(tmpdir(), 'inkling-exports-'));
/** Called with the process of an export that has just been asked for. */
let onExport: (started: InspectorProcess) => void = () => {};
let app: App;
let run: string;

beforeAll(async () => {
  const ports = nodePorts();
  app = createApp(folder, {
    ...ports,
    startInspector() {
      const started = ports.startInspector();
      const send: typeof started.send = (message) => {
        started.send(message);
        if (message.kind === 'call' && message.name === 'export') onExport(started);
      };
      return { ...started, send };
    },
  });
  await app.sampleDigits({ dataset: 'digits', count: 500, seed: 1 });
  const { id } = app.start({ dataset: 'digits', preset: 'mlp-16-16', epochs: 2, threads: 1 });
  await app.supervisor.ended(id);
  run = id;
}, 60_000);
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const asked = {
  ...{ overwrite: false, temperature: false, unsureBelow: null, images: false },
  ...{ sparsity: 0.9, fineTuneEpochs: 1 },
};
const out = (name: string): string => join(folder, name);

/** As a page does it, until it is over. */
async function exportTo(format: string, name: string, packed: boolean): Promise<Job> {
  const place = async () => ({ folder: out(name), kept: !packed, packed });
  return app.jobs.ended(await app.exports.start(run, { ...asked, format }, place));
}

test('every row of the table is a card, with code for this run', async () => {
  const {
    isReady,
    formats: cards,
    compared,
  } = await app.exports.formats({ run, unsureBelow: 0.5 });
  expect(isReady).toBe(true);
  expect(compared).toEqual({ part: 'test', images: 50 });
  const names = cards.map(({ format }) => format);
  expect(names).toEqual([...Object.keys(formats), 'report', 'capsule']);
  for (const { use, choices } of cards) {
    expect(choices.includes('confidence')).toBe(use !== null);
    if (use !== null) expect(use).toContain(run);
  }
});

test('what is estimated before is about what is written', async () => {
  const { formats: cards } = await app.exports.formats({ run, unsureBelow: null });
  await exportTo('onnx', 'plain', false);
  const { done } = app.exports.list(run);
  const estimate = cards.find(({ format }) => format === 'onnx')!.estimate!;
  expect(done[0]!.files[0]!.bytes / estimate).toBeCloseTo(1, 1);
});

test('an export into a folder of the user’s is there, compared and remembered', async () => {
  const job = await exportTo('onnx-int8', 'kept', false);
  expect(job.state).toMatchObject({ kind: 'done', file: join(out('kept'), `${run}.int8.onnx`) });
  expect(job).toMatchObject({ done: 50, total: 50 });
  const { done, jobs } = app.exports.list(run);
  expect(jobs).toContainEqual({ format: 'onnx-int8', job: job.id });
  expect(done[0]).toMatchObject({
    format: 'onnx-int8',
    folder: out('kept'),
    job: null,
    verified: { kind: 'answers', samples: 50, accuracy: {} },
    shrinking: {},
    confidence: null,
  });
  expect(done[0]!.files.map(({ name }) => name)).toEqual(readdirSync(out('kept')).toReversed());
});

test('a pruned network is fine-tuned, its zeros kept, and what that costs is told', async () => {
  const job = await exportTo('onnx-pruned', 'pruned', false);
  const file = join(out('pruned'), `${run}.pruned.onnx`);
  expect(job.state).toMatchObject({ kind: 'done', file });
  // Fine-tuning on 400 images, then comparing.
  expect(job.total).toBe(job.done);
  expect(job.total).toBeGreaterThan(50);
  const { verified, pruning, shrinking } = app.exports.list(run).done[0]!;
  expect(verified).toMatchObject({ kind: 'answers', samples: 50, agree: 50 });
  expect(shrinking).toBeNull();
  const { curve, accuracy, sparsity, zippedBytes } = pruning!;
  expect(curve.map((row) => row.sparsity)).toEqual([0, 0.5, 0.7, 0.8, 0.9, 0.95]);
  expect(curve[0]!.accuracy).toBe(accuracy.before);
  expect(sparsity).toBeCloseTo(0.9, 3);
  expect(zippedBytes.after / zippedBytes.before).toBeLessThan(0.4);
  const { graph } = ModelProto.toObject(ModelProto.decode(readFileSync(file)));
  const kernels = z
    .array(z.object({ rawData: z.instanceof(Uint8Array) }))
    .parse(graph.initializer)
    .filter(({ rawData }) => rawData.length > 4 * 100);
  const values = kernels.flatMap(({ rawData }) => [
    ...new Float32Array(Uint8Array.from(rawData).buffer),
  ]);
  expect(values).toHaveLength(28 * 28 * 16 + 16 * 16 + 16 * 10);
  expect(values.filter((value) => value === 0).length / values.length).toBe(sparsity);
  // Without fine-tuning nothing is changed but the zeros.
  const again = { ...asked, format: 'onnx-pruned', folder: out('untuned'), fineTuneEpochs: 0 };
  const { pruning: untuned } = await app.export(app.run(run), again);
  expect(untuned!.accuracy.after).toBe(curve[4]!.accuracy);
});

test('a browser gets one ZIP, which goes with its job', async () => {
  const job = await exportTo('tfjs', 'packed', true);
  expect(readdirSync(out('packed'))).toEqual([`${run}-tfjs.zip`]);
  const bytes = readFileSync(app.jobs.file(job.id)!);
  expect(bytes.readUInt32LE(0)).toBe(0x04034b50);
  expect(app.exports.list(run).done[0]).toMatchObject({ job: job.id, folder: null });
  app.jobs.dismiss(job.id);
  expect(app.exports.list(run).done[0]).toMatchObject({ job: null, folder: null });
  await expect.poll(() => readdirSync(folder)).not.toContain('packed');
});

test('files of the same name are replaced only when that is asked for', async () => {
  await exportTo('onnx', 'twice', false);
  expect((await exportTo('onnx', 'twice', false)).state).toMatchObject({
    problem: { code: 'file-exists' },
  });
  const again = { format: 'onnx', overwrite: true, folder: out('twice') };
  expect((await app.export(app.run(run), again)).verified.kind).toBe('answers');
});

test('a process that dies leaves an error and no file', async () => {
  onExport = (started) => setTimeout(started.kill, 20);
  const { state } = await exportTo('keras', 'killed', false);
  onExport = () => {};
  expect(state).toMatchObject({ kind: 'failed', problem: { code: 'exporter-ended' } });
  expect(readdirSync(out('killed'))).toEqual([]);
});

test('a canceled export ends at once and leaves no file', async () => {
  const place = async () => ({ folder: out('canceled'), kept: true, packed: false });
  const job = await app.exports.start(run, { ...asked, format: 'tfjs' }, place);
  onExport = () => setImmediate(() => app.jobs.cancel(job));
  expect((await app.jobs.ended(job)).state).toEqual({ kind: 'canceled' });
  onExport = () => {};
  expect(readdirSync(out('canceled'))).toEqual([]);
});

test('confidence is measured as it is and with the temperature that fits', async () => {
  const { temperature, validation, test: judged } = await app.exports.confidence(run);
  expect(temperature?.value).toBeGreaterThan(0);
  expect(validation?.images).toBe(50);
  expect(judged?.before).toHaveLength(100);
  // Everything is answered where no answer is unsure.
  expect(judged?.before[0]).toMatchObject({ threshold: 0, coverage: 1 });
  expect(judged?.after?.[0]?.accuracy).toBe(judged?.before[0]?.accuracy);
});

test('what cannot be exported is refused before anything is made', async () => {
  const never = { overwrite: false, folder: out('never') };
  for (const [code, format, choice] of [
    ['export-format-unknown', 'msdos', {}],
    ['export-choice-useless', 'onnx', { images: true }],
    ['export-choice-useless', 'c', { sparsity: 0.5 }],
    ['export-choice-useless', 'web', { fineTuneEpochs: 0 }],
    ['export-choice-useless', 'report', { temperature: true }],
    ['export-choice-useless', 'capsule', { unsureBelow: 0.5 }],
  ] as const) {
    const exporting = app.export(app.run(run), { ...never, ...choice, format });
    await expect(exporting).rejects.toMatchObject({ code });
  }
  const { id } = app.start({ dataset: 'digits', preset: 'mlp-16-16', epochs: 1, threads: 1 });
  app.supervisor.cancel(id);
  expect((await app.exports.formats({ run: id, unsureBelow: null })).isReady).toBe(false);
  const place = () => Promise.reject(new Error('no place is asked for'));
  await expect(app.exports.start(id, { ...asked, format: 'onnx' }, place)).rejects.toMatchObject({
    code: 'run-unfinished',
  });
  expect(readdirSync(folder)).not.toContain('never');
});

test('an export leaves downloads where they are, though nobody writes the workspace any more', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'inkling-exports-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync(folder, copy, { recursive: true });
  const place = join(copy, basename(app.workspace.downloadFolder), '1');
  mkdirSync(place, { recursive: true });
  const options = {
    format: 'onnx',
    folder: place,
    overwrite: false,
    staging: join(place, 'staging'),
  };
  mkdirSync(options.staging);
  const ports = { clock: () => 0, progress: () => {} };
  await exportWork({ kind: 'export', workspace: copy, run, options }, ports);
  expect(readdirSync(place)).toContain(`${run}.onnx`);
});
