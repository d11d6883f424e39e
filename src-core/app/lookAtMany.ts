/** @file Looking at a network over many images or many epochs: what excites a unit, histograms, and maps. */
import type { EmbeddingInfo, embeddingMethods, Histograms } from '../contract/inspecting.ts';
import { failure, InklingError } from '../errors.ts';
import type { CallOutput, HistogramSeries, NetworkSource, Samples } from '../inspect/messages.ts';
import { shuffle, stream } from '../random.ts';
import type { Part } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import { asJob } from './asJob.ts';
import type { EvaluateTools } from './evaluate.ts';
import { measured } from './evaluations.ts';
import { keepTensors, type LookTools } from './lookInside.ts';
import { checkpointsOf, runNetwork } from './networkSources.ts';

/** Images over which a unit's favorites are looked for: seconds on a small network. */
const excitingImagesMax = 10_000;
/** Images whose activations are counted. */
const histogramImages = 256;
/** Moments of a run that a histogram over time shows. */
const momentsMax = 50;
/** Layers, epochs and parts whose favorites are remembered. */
const favoritesMax = 64;

export type ManyTools = EvaluateTools & Pick<LookTools, 'tensors'>;
type At = { readonly run: string; readonly epoch: number | null };
type Exciting = CallOutput<'exciting'>;

export function manyCalls(tools: ManyTools) {
  const { workspace, inspector } = tools;
  const favorites = new Map<string, Promise<Exciting>>();
  return {
    /** Looked for once for each layer of an epoch, on each part. */
    async exciting({ layer, unit, part, ...at }: At & { layer: string; unit: number; part: Part }) {
      const { run, epoch, source } = runNetwork(workspace, at.run, at.epoch);
      const { images, samples } = await partOf(tools, run, part, excitingImagesMax);
      const key = JSON.stringify([run.id, epoch, source.parameters, layer, part]);
      const found = await remembered(favorites, key, () =>
        inspector.call('exciting', { source, samples, layer }),
      );
      const { kept, indices, values } = found;
      if (unit * kept >= indices.length)
        throw failure('network-place', { problem: `${layer} has no unit ${unit}` });
      const shown = indices.subarray(unit * kept, (unit + 1) * kept);
      return {
        part,
        samples: samples.end - samples.start,
        images: Array.from(shown, (sample, i) => ({
          image: images[sample]! || null,
          value: measured(values[unit * kept + i]!),
        })),
      };
    },

    async histograms({ run: name, of }: { run: string; of: 'weights' | 'activations' }) {
      const moments = thinned(checkpointsOf(workspace, name).map(({ epoch }) => epoch));
      const networks = moments.map((epoch) => runNetwork(workspace, name, epoch));
      const sources = networks.map(({ source }) => source);
      const { run } = networks[0]!;
      const found =
        of === 'weights'
          ? await inspector.call('weightHistograms', { sources })
          : await activationHistograms(tools, run, sources);
      return told(found, moments);
    },

    embedding: (asked: EmbeddingRequest): Promise<EmbeddingInfo> => embedding(tools, asked),
  };
}

/** The samples of a part from its start, `limit` at most, and which images they are. */
async function partOf(tools: ManyTools, run: Run, part: Part, limit: number) {
  const { workspace, samples, ensureCache } = tools;
  const found = await samples.part(run.id, run.snapshot, part);
  await ensureCache(run);
  const { start, end } = found.snapshot.ranges[part];
  const range: Samples = {
    folder: workspace.cacheFolder,
    snapshot: run.snapshot,
    start,
    end: Math.min(end, start + limit),
  };
  return { ...found, samples: range };
}

/** Calculated once for each key; the oldest go. What failed is tried again. */
async function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const making = known.get(key) ?? make();
  known.set(key, making);
  for (const oldest of known.keys()) if (known.size > favoritesMax) known.delete(oldest);
  try {
    return await making;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

async function activationHistograms(
  tools: ManyTools,
  run: Run,
  sources: NetworkSource[],
): Promise<HistogramSeries> {
  const { samples } = await anyPart(tools, run);
  return tools.inspector.call('activationHistograms', { sources, samples });
}

/** Validation, or training where that is empty: as health is probed. */
async function anyPart(tools: ManyTools, run: Run) {
  try {
    return await partOf(tools, run, 'validation', histogramImages);
  } catch (error) {
    if (!(error instanceof InklingError) || error.code !== 'split-empty') throw error;
    return partOf(tools, run, 'train', histogramImages);
  }
}

/** Evenly spread where there are too many, the first and the last among them. */
function thinned(epochs: readonly number[]): number[] {
  const count = Math.min(epochs.length, momentsMax);
  if (count < 2) return [...epochs];
  return Array.from(
    { length: count },
    (_, i) => epochs[Math.round((i * (epochs.length - 1)) / (count - 1))]!,
  );
}

function told({ series }: HistogramSeries, epochs: readonly number[]): Histograms {
  return {
    series: series.map(({ name, from, to, histograms }) => ({
      name,
      from,
      to,
      epochs: histograms.map(({ counts, notFinite, mean, sd }, i) => ({
        epoch: epochs[i]!,
        counts,
        notFinite,
        mean: measured(mean),
        sd: measured(sd),
      })),
    })),
  };
}

type EmbeddingRequest = At & {
  readonly part: Part;
  readonly count: number;
  readonly method: (typeof embeddingMethods)[number];
  readonly seed: number;
};

function embedding(tools: ManyTools, asked: EmbeddingRequest): Promise<EmbeddingInfo> {
  const { workspace, inspector, jobs } = tools;
  const { part, count, method, seed } = asked;
  const { run, epoch, source } = runNetwork(workspace, asked.run, asked.epoch);
  const title = `Mapping images of ${run.id}`;
  return asJob(jobs, { kind: 'embedding', title }, async ({ signal, progress }) => {
    const found = await partOf(tools, run, part, Infinity);
    const { samples, images, labels, snapshot, dataset } = found;
    const chosen = drawn(images.length, count, seed);
    const steering = {
      signal,
      progress: (done: number, total: number) => progress({ done, total }),
    };
    const input = { source, samples, chosen, method, seed };
    const map = await inspector.call('embed', input, steering);
    const points = { shape: [chosen.length, 2], data: map.points };
    return {
      tensors: keepTensors(tools.tensors, { points }),
      epoch,
      method,
      layer: map.layer,
      dataset,
      classes: [...snapshot.classes],
      images: Array.from(chosen, (sample) => images[sample]!),
      labels: Array.from(chosen, (sample) => labels[sample]!),
      predicted: [...map.predicted],
      explained: map.explained?.map(measured) ?? null,
    };
  });
}

/** `count` of `total` numbers, ascending; all where there are no more. */
function drawn(total: number, count: number, seed: number): Int32Array {
  const all = Int32Array.from({ length: total }, (_, i) => i);
  if (count >= total) return all;
  shuffle(all, stream(seed, 'embedding'));
  return all.slice(0, count).sort();
}
