/** @file Writes a finished run as a capsule, and reads the file again to see that everything is in it. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ZipFile } from '../../data/export/zipFile.ts';
import type { Tensor, Tensors } from '../../engine/engine.ts';
import { failure } from '../../errors.ts';
import type { Writing } from '../../export/exportNetwork.ts';
import { parametersHash } from '../../training/checkpoints.ts';
import { readStart } from '../../training/epochFiles.ts';
import { readKeptState } from '../../training/kept.ts';
import { RunProgress } from '../../training/progress.ts';
import { encodeSafetensors } from '../../training/safetensors.ts';
import { toJson } from '../../workspace/json.ts';
import type { StepMetrics } from '../../workspace/metrics.ts';
import type { Run } from '../../workspace/runs.ts';
import { hashBytes, littleEndian, type Snapshot } from '../../workspace/snapshots.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { epochsOf } from '../storedRun.ts';
import { requireImages } from './openCapsule.ts';
import {
  capsuleFormat,
  entries,
  imagePrefix,
  type CapsuleHeader,
  type CapsuleImages,
} from './capsuleFormat.ts';
import { readCapsule } from './readCapsule.ts';

/** @throws InklingError `run-unfinished`, `checkpoint-damaged`, `images-missing` */
export async function capsuleWriting(
  workspace: Workspace,
  run: Run,
  withImages: boolean,
): Promise<Writing> {
  if (withImages) requireImages(workspace, run);
  const { params, average, result } = await readKeptState(workspace, run);
  const folder = join(workspace.checkpointFolder, run.id);
  const start = run.start ? await readStart(folder, run.start.parametersHash) : null;
  const snapshot = workspace.snapshots.get(run.snapshot);
  const file = `${run.id}.inkling`;
  const header = headerOf(workspace, run, snapshot, { result, hasImages: withImages });
  return {
    async write(folder) {
      // The time of an entry is of no use, and would make equal capsules differ.
      const zip = await ZipFile.create(join(folder, file), run.createdAt);
      try {
        await zip.add(entries.header, Buffer.from(toJson(header)));
        await zip.add(entries.hashes, snapshot.hashes);
        await zip.add(entries.labels, littleEndian(snapshot.labels));
        const groups = { params, ...(average && { average }), ...(start && { start }) };
        await zip.add(entries.parameters, tensorFile(groups));
        await zip.add(entries.steps, stepFile(workspace.metrics.steps(run.id)));
        const predictions = workspace.predictions.get(run.id, 'test');
        if (predictions) await zip.add(entries.predictions, predictionFile(predictions, snapshot));
        if (withImages) await addImages(workspace, snapshot, zip);
      } catch (error) {
        await zip.abort();
        throw error;
      }
      await zip.finish();
      return [file];
    },

    async check(folder) {
      await using found = await readCapsule(join(folder, file));
      const isSame =
        isDeepStrictEqual(found.header, header) &&
        parametersHash(found.params) === result.parametersHash &&
        isDeepStrictEqual(found.steps, piecesOf(workspace.metrics.steps(run.id)));
      if (!isSame) throw failure('export-damaged', { file, array: 'the run' });
      // Each is compared with its hash.
      if (withImages) for await (const images of found.images()) void images;
      return { kind: 'parsed-back', files: 1 };
    },
  };
}

function headerOf(
  { runs, metrics }: Workspace,
  run: Run,
  { hash, classes, shape, resize, ranges }: Snapshot,
  { result, hasImages }: Pick<CapsuleHeader, 'result' | 'hasImages'>,
): CapsuleHeader {
  const { name, preset, spec, options, engine, device, limit, versions } = run;
  const { createdAt, startedAt, endedAt } = run;
  const counts = ['train', 'validation', 'test'] as const;
  const [train, validation, test] = counts.map((part) => ranges[part].end - ranges[part].start);
  return {
    format: capsuleFormat,
    // Of a copy of a copy, the first is told.
    cameFrom: run.cameFrom ?? { run: run.id, createdAt, startedAt, endedAt },
    ...{ name, preset, spec, options, engine, device, versions: { ...versions } },
    ...(limit !== null && { limit }),
    snapshot: {
      ...{ hash, dataset: runs.datasets().get(hash)?.name ?? null, classes: [...classes] },
      ...{ shape, resize, counts: [train!, validation!, test!] },
    },
    start: run.start ?? null,
    result,
    progress: RunProgress.nullable().parse(run.progress),
    epochs: epochsOf({ metrics }, run.id),
    hasImages,
  };
}

function tensorFile(groups: Readonly<Record<string, Tensors>>): Buffer {
  const tensors = Object.entries(groups).flatMap(([group, values]) =>
    Object.entries(values).map(([name, tensor]) => [`${group}/${name}`, tensor] as const),
  );
  return encodeSafetensors({ tensors: new Map(tensors), metadata: {} });
}

/** Consecutive rows with the same series as one, in order. */
export function piecesOf(rows: readonly StepMetrics[]): StepMetrics[] {
  const layout = ({ series }: StepMetrics) => Object.keys(series).join();
  const lengthOf = ({ series }: StepMetrics) => Object.values(series)[0]?.length ?? 0;
  const groups: StepMetrics[][] = [];
  for (const row of rows) {
    const last = groups.at(-1)?.at(-1);
    const follows =
      last && layout(last) === layout(row) && last.firstStep + lengthOf(last) === row.firstStep;
    if (follows) groups.at(-1)!.push(row);
    else groups.push([row]);
  }
  return groups.map((group) => {
    const joined = (name: string) => {
      const values = new Float32Array(group.reduce((sum, row) => sum + lengthOf(row), 0));
      let at = 0;
      for (const { series } of group) {
        values.set(series[name]!, at);
        at += series[name]!.length;
      }
      return values;
    };
    const names = Object.keys(group[0]!.series);
    const series = Object.fromEntries(names.map((name) => [name, joined(name)]));
    return { firstStep: group[0]!.firstStep, series };
  });
}

/** `<first step>/<series>`: a tensor for each. */
function stepFile(rows: readonly StepMetrics[]): Buffer {
  const tensors = piecesOf(rows).flatMap(({ firstStep, series }) =>
    Object.entries(series).map(([name, data]): [string, Tensor] => [
      `${firstStep}/${name}`,
      { shape: [data.length], data },
    ]),
  );
  return encodeSafetensors({ tensors: new Map(tensors), metadata: {} });
}

function predictionFile(data: Float32Array, { classes }: Snapshot): Buffer {
  const shape = [data.length / classes.length, classes.length];
  return encodeSafetensors({ tensors: new Map([['test', { shape, data }]]), metadata: {} });
}

async function addImages({ blobs }: Workspace, { hashes }: Snapshot, zip: ZipFile): Promise<void> {
  const names: string[] = [];
  const raw: CapsuleImages['raw'] = {};
  const written = new Set<string>();
  for (let at = 0; at < hashes.length; at += hashBytes) {
    const key = hashes.subarray(at, at + hashBytes);
    const hex = Buffer.from(key).toString('hex');
    names.push(blobs.nameOf(key) ?? hex.slice(0, 12));
    if (written.has(hex)) continue;
    written.add(hex);
    const blob = blobs.get(key);
    if (!blob) throw new Error('an image went while the capsule was written');
    const { channels, height, width } = blob;
    if (blob.encoding === 'raw') raw[hex] = { channels: channels === 3 ? 3 : 1, height, width };
    await zip.add(`${imagePrefix}${hex}`, blob.bytes);
  }
  const images: CapsuleImages = { names, raw };
  await zip.add(entries.images, Buffer.from(JSON.stringify(images)));
}
