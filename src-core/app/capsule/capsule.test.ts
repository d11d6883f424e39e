/**
 * @file A run goes into a capsule, comes out of it in another workspace, and is the same run when it is trained there.
 * A capsule that was changed, whatever way, is refused, and nothing of it stays.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { nodePorts } from '../../../src-main/nodeHost.ts';
import { createApp, type App } from '../../app.ts';
import { openArchive } from '../../data/import/archive.ts';
import { ZipFile } from '../../data/export/zipFile.ts';
import type { Run } from '../../workspace/runs.ts';
import { epochsOf } from '../storedRun.ts';
import { piecesOf } from './writeCapsule.ts';

const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'inkling-capsule-'));
  folders.push(made);
  return made;
}

let app: App;
let run: Run;
/** With images and without. */
let written: Awaited<ReturnType<App['export']>>;
let full: string;
let light: string;

beforeAll(async () => {
  app = createApp(folder(), nodePorts());
  await app.sampleDigits({ dataset: 'digits', count: 200, seed: 1 });
  const request = { dataset: 'digits', preset: 'softmax', epochs: 2, batchSize: 32, threads: 1 };
  const { id } = app.start({ ...request, averagingDecay: 0.9, limit: 500 });
  await app.supervisor.ended(id);
  app.runViews.rename(id, 'the first');
  run = app.run(id);
  const [one, other] = [folder(), folder()];
  const asked = { format: 'capsule', overwrite: false };
  written = await app.export(run, { ...asked, folder: one, images: true });
  full = written.files[0]!;
  light = (await app.export(run, { ...asked, folder: other })).files[0]!;
});
afterAll(async () => {
  await app.close();
  for (const made of folders) rmSync(made, { recursive: true });
});

const Anything = z.record(z.string(), z.unknown());

/** A copy of lists and records with another value in one place. */
function withValue(held: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(held)) return held.with(Number(key), withValue(held[Number(key)], rest, value));
  const record = Anything.parse(held);
  return { ...record, [key]: withValue(record[key], rest, value) };
}

function elsewhere(): App {
  const other = createApp(folder(), nodePorts());
  onTestFinished(() => other.close());
  return other;
}

test('a run comes out as it went in, and trains to the same parameters again', async () => {
  const other = elsewhere();
  expect(written.verified).toEqual({ kind: 'parsed-back', files: 1 });
  const opened = await other.runViews.openCapsule(full);
  expect(opened).toMatchObject({
    cameFrom: run.id,
    dataset: { name: 'digits' },
    images: 200,
    missingImages: 0,
  });
  const copy = other.run(opened.run);
  const { spec, options, snapshot, engine, device, preset, versions, result, name } = run;
  expect(copy).toMatchObject({
    ...{ spec, options, snapshot, engine, device, preset, versions, result, name },
    limit: 500,
    state: { status: 'finished' },
    cameFrom: { run: run.id, createdAt: run.createdAt },
  });
  expect((await other.runViews.list())[0]).toMatchObject({ cameFrom: run.id, name: 'the first' });
  expect(epochsOf(other.workspace, copy.id)).toEqual(epochsOf(app.workspace, run.id));
  const steps = ({ workspace }: App) => piecesOf(workspace.metrics.steps(run.id));
  expect(steps(other)).toEqual(steps(app));
  expect(other.workspace.predictions.get(copy.id, 'test')).toEqual(
    app.workspace.predictions.get(run.id, 'test'),
  );
  expect(await other.inspect(copy, 'test')).toEqual(await app.inspect(run, 'test'));

  const { run: again } = await other.runViews.again(copy.id);
  await other.supervisor.ended(again);
  expect((await other.runViews.list()).find((each) => each.run === again)?.repeats).toEqual({
    run: copy.id,
    identical: true,
  });
  expect(() => other.supervisor.resume(copy.id, 1)).toThrow(
    expect.objectContaining({ code: 'run-from-capsule' }),
  );
  expect(other.workspace.check().problems).toEqual([]);
});

test('without its images a run is seen, and trained again once they are here', async () => {
  const other = elsewhere();
  const opened = await other.runViews.openCapsule(light);
  expect(opened).toMatchObject({ dataset: null, images: 200, missingImages: 200 });
  expect((await other.runViews.capsule(opened.run)).parametersHash).toHaveLength(64);
  const refused = expect.objectContaining({ code: 'images-missing' });
  await expect(other.runViews.again(opened.run)).rejects.toEqual(refused);
  await expect(other.inspect(other.run(opened.run), 'test')).rejects.toEqual(refused);
  // The same pictures under any name, in a dataset of any name.
  await other.sampleDigits({ dataset: 'mine', count: 200, seed: 1 });
  const { run: again } = await other.runViews.again(opened.run);
  await other.supervisor.ended(again);
  const [, repeated] = await other.runViews.list();
  expect(repeated?.repeats).toEqual({ run: opened.run, identical: true });
});

test('images that are here already are not brought in again, and a capsule of a copy names the first', async () => {
  const opened = await app.runViews.openCapsule(full);
  expect(opened).toMatchObject({ dataset: null, missingImages: 0 });
  expect(opened.run).not.toBe(run.id);
  const target = { format: 'capsule', folder: folder(), overwrite: false };
  const { files } = await app.export(app.run(opened.run), target);
  expect((await elsewhere().runViews.openCapsule(files[0]!)).cameFrom).toBe(run.id);
});

describe('refused, with nothing kept of it:', () => {
  let other: App;
  let entriesOf: Map<string, Buffer>;
  beforeAll(async () => {
    other = createApp(folder(), nodePorts());
    entriesOf = await entriesIn(full);
    return () => other.close();
  });

  async function entriesIn(path: string): Promise<Map<string, Buffer>> {
    await using archive = await openArchive(path);
    const found = new Map<string, Buffer>();
    for (const name of archive.entries.keys())
      found.set(name, Buffer.from(await archive.read(name, 2 ** 30)));
    return found;
  }

  async function packed(entries: Iterable<readonly [string, Uint8Array]>): Promise<string> {
    const path = join(folder(), 'changed.inkling');
    const zip = await ZipFile.create(path, 0);
    for (const [name, bytes] of entries) await zip.add(name, bytes);
    await zip.finish();
    return path;
  }

  type Entries = Map<string, Buffer>;
  const edit = (entries: Entries, name: string, change: (bytes: Buffer) => Buffer | void) => {
    const bytes = Buffer.from(entries.get(name)!);
    entries.set(name, change(bytes) ?? bytes);
  };
  /** Other values at places in the header: `result.keptEpoch`. */
  const header = (values: Readonly<Record<string, unknown>>) => (entries: Entries) =>
    edit(entries, 'capsule.json', (bytes) => {
      let json = Anything.parse(JSON.parse(bytes.toString()));
      for (const [path, value] of Object.entries(values))
        json = Anything.parse(withValue(json, path.split('.'), value));
      return Buffer.from(JSON.stringify(json));
    });
  const flip = (name: string, at: number) => (entries: Entries) =>
    edit(
      entries,
      name,
      (bytes) => void bytes.writeUInt8(bytes.at(at)! ^ 1, at < 0 ? bytes.length + at : at),
    );
  const firstImage = (entries: Entries) =>
    [...entries.keys()].find((name) => name.startsWith('images/'))!;

  const changes: Record<string, readonly [string, (entries: Entries) => void]> = {
    'a label': ['capsule-damaged', flip('snapshot.labels', 0)],
    'an image hash': ['capsule-damaged', flip('snapshot.hashes', 40)],
    'a parameter': ['capsule-damaged', flip('parameters.safetensors', 5000)],
    'the last image': [
      'capsule-damaged',
      (entries) =>
        flip(
          [...entries.keys()].findLast((name) => name.startsWith('images/'))!,
          300,
        )(entries),
    ],
    'an image that is not there': [
      'capsule-damaged',
      (entries) => entries.delete(firstImage(entries)),
    ],
    'a label of no class': [
      'capsule-invalid',
      (entries) => edit(entries, 'snapshot.labels', (bytes) => void bytes.writeInt32LE(99, 0)),
    ],
    'lists of another length': [
      'capsule-invalid',
      (entries) => edit(entries, 'snapshot.labels', (bytes) => bytes.subarray(4)),
    ],
    'an entry of another kind': [
      'capsule-invalid',
      (entries) => void entries.set('run.sh', Buffer.from('ls')),
    ],
    'an entry outside': [
      'capsule-invalid',
      (entries) => void entries.set('../r9/a', Buffer.from('x')),
    ],
    'parameters of another network': [
      'capsule-invalid',
      header({ 'spec.layers': [{ kind: 'flatten' }, { kind: 'dense', units: 7 }] }),
    ],
    'a network for other images': ['capsule-invalid', header({ 'spec.input.width': 5 })],
    'an unknown field': ['capsule-invalid', header({ extra: 1 })],
    'an epoch that never was': ['capsule-invalid', header({ 'result.keptEpoch': 7 })],
    'a class twice': ['capsule-invalid', header({ 'snapshot.classes.1': '0' })],
    'a giant count': ['capsule-invalid', header({ 'snapshot.counts.0': 4e9 })],
    'another class name': ['capsule-damaged', header({ 'snapshot.classes.1': 'one' })],
    'a later format': ['capsule-newer', header({ format: 'inkling-capsule-2' })],
    'another file': ['capsule-invalid', header({ format: 'x' })],
    'no JSON': ['capsule-invalid', (entries) => void entries.set('capsule.json', Buffer.from('{'))],
    'no header': ['capsule-invalid', (entries) => void entries.delete('capsule.json')],
    'steps beyond the last': [
      'capsule-invalid',
      header({ 'result.steps': 2, 'result.keptEpoch': 1 }),
    ],
  };

  const kept = () => {
    const { counts, problems } = other.workspace.check();
    const { checkpointFolder, cacheFolder } = other.workspace;
    return { counts, problems, files: [readdirSync(checkpointFolder), readdirSync(cacheFolder)] };
  };

  test.each(Object.entries(changes))('%s', async (_, [code, change]) => {
    const entries = new Map(entriesOf);
    change(entries);
    const path = await packed(entries);
    const before = kept();
    await expect(other.runViews.openCapsule(path)).rejects.toMatchObject({ code });
    expect(kept()).toEqual(before);
  });

  test('a file that is no archive, one with an entry twice, one that is not there', async () => {
    const path = join(folder(), 'x.inkling');
    writeFileSync(path, 'no zip');
    await expect(other.runViews.openCapsule(path)).rejects.toMatchObject({
      code: 'capsule-damaged',
    });
    const [first] = await entriesIn(full);
    const twice = await packed([...entriesOf, first!]);
    await expect(other.runViews.openCapsule(twice)).rejects.toMatchObject({
      code: 'capsule-damaged',
    });
    const none = other.runViews.openCapsule(join(folder(), 'none.inkling'));
    await expect(none).rejects.toMatchObject({ code: 'path-missing' });
  });

  test('what fails in the last moment is taken back whole, and then it opens', async () => {
    // Where the folder of the run has to go, there is one that is not empty.
    const inTheWay = join(other.workspace.checkpointFolder, 'r1', 'something');
    mkdirSync(inTheWay, { recursive: true });
    const { counts } = kept();
    await expect(other.runViews.openCapsule(full)).rejects.toThrow('ENOTEMPTY');
    expect(kept()).toEqual({ counts, problems: [], files: [[], []] });
    expect((await other.runViews.openCapsule(full)).run).toBe('r1');
    expect(kept().counts).toMatchObject({ run: 1, dataset: 1, image: 200 });
  });
});

test('a run that continued another is trained again from the same parameters', async () => {
  const { run: next } = await app.training.follow(run.id, 'kept');
  await app.supervisor.ended(app.run(next).id);
  const target = { format: 'capsule', folder: folder(), overwrite: false, images: true };
  const { files } = await app.export(app.run(next), target);
  const other = elsewhere();
  const opened = await other.runViews.openCapsule(files[0]!);
  const { run: again } = await other.runViews.again(opened.run);
  await other.supervisor.ended(again);
  const [, repeated] = await other.runViews.list();
  expect(repeated?.repeats).toEqual({ run: opened.run, identical: true });
});
