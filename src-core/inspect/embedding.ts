/**
 * @file A map of images by what the last hidden layer makes of them: two coordinates each, by principal components or
 * by UMAP (McInnes et al., 2018; umap-js), whose neighbors are found here, exactly.
 */
import { failure } from '../errors.ts';
import { UMAP } from 'umap-js';
import { stream } from '../random.ts';
import { features, lastHidden } from './activations.ts';
import type { CallOutput } from './messages.ts';
import { largestIndex } from './largest.ts';
import { imagesAtOnce, type OpenNetwork } from './openNetwork.ts';
import { nearestNeighbors } from './neighbors.ts';
import { pca, roughIterations } from './pca.ts';

export type EmbedRequest = {
  readonly chosen: Int32Array;
  /** uint8 [C, H, W] of a sample. */
  readonly read: (sample: number) => Uint8Array;
  readonly method: 'pca' | 'umap';
  readonly seed: number;
};

type Steering = {
  readonly port: { readonly breathe: () => Promise<void> };
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
};

/** Images whose features are computed at once. */
const chunkImages = 256;
/** Beyond this many columns UMAP is given the principal components: what is beyond them is noise, and takes time. */
const columnsMax = 128;
const columnsReduced = 50;
const neighbors = 15;

export async function embed(
  open: OpenNetwork,
  request: EmbedRequest,
  steering: Steering,
): Promise<CallOutput<'embed'>> {
  const { points, columns, predicted } = await featuresOf(open, request, steering);
  const N = request.chosen.length;
  requireNumbers(points);
  const layer = lastHidden(open) ?? 'image';
  if (request.method === 'pca') {
    const k = Math.min(2, columns);
    const { coordinates, explained } = pca(points, [N, columns], k);
    return { layer, points: twoColumns(coordinates, N, k), predicted, explained: [...explained] };
  }
  const map = await umap(reduced(points, N, columns), N, request.seed, steering);
  return { layer, points: map, predicted, explained: null };
}

function reduced(data: Float32Array, N: number, columns: number) {
  if (columns <= columnsMax) return { data, columns };
  const { coordinates } = pca(data, [N, columns], columnsReduced, roughIterations);
  return { data: coordinates, columns: columnsReduced };
}

async function featuresOf(
  open: OpenNetwork,
  { chosen, read }: EmbedRequest,
  { port, signal }: Steering,
) {
  const predicted = new Int32Array(chosen.length);
  const { classes } = open.network.spec;
  let points = new Float32Array(0);
  let columns = 0;
  const atOnce = imagesAtOnce(open, chunkImages);
  for (let first = 0; first < chosen.length; first += atOnce) {
    signal.throwIfAborted();
    const images = Array.from(chosen.subarray(first, first + atOnce), read);
    const pixels = new Uint8Array(images.length * images[0]!.length);
    images.forEach((image, i) => pixels.set(image, i * image.length));
    const found = await features(open, pixels);
    if (columns === 0) {
      columns = found.features.shape.slice(1).reduce((product, dim) => product * dim, 1);
      points = new Float32Array(chosen.length * columns);
    }
    points.set(found.features.data, first * columns);
    images.forEach((_, i) => {
      const scores = found.probabilities.data.subarray(i * classes, (i + 1) * classes);
      predicted[first + i] = largestIndex(scores);
    });
    await port.breathe();
  }
  return { points, columns, predicted };
}

/** A map of what is no number would be no map. The table of runs and the metrics show where it comes from. */
function requireNumbers(points: Float32Array): void {
  if (!points.every(Number.isFinite))
    throw failure('network-place', {
      problem: 'its last hidden layer gives values that are not numbers',
    });
}

function twoColumns(coordinates: Float32Array, N: number, k: number): Float32Array {
  if (k === 2) return coordinates;
  return Float32Array.from({ length: 2 * N }, (_, i) => (i % 2 === 0 ? coordinates[i / 2]! : 0));
}

/** UMAP's own epochs are fewer for more points: one value for the size of maps here. */
const umapEpochs = 300;
/** Epochs between two breaths: some tens of milliseconds. */
const epochsAtOnce = 4;

async function umap(
  { data, columns }: { readonly data: Float32Array; readonly columns: number },
  N: number,
  seed: number,
  { port, signal, progress }: Steering,
): Promise<Float32Array> {
  const k = Math.min(neighbors, N - 1);
  // The first half of the bar is finding neighbors, which takes about as long.
  const told = (done: number) => progress(done, 2 * umapEpochs);
  const { indices, distances } = await nearestNeighbors(data, [N, columns], k, async (share) => {
    signal.throwIfAborted();
    told(Math.round(share * umapEpochs));
    await port.breathe();
  });
  const random = stream(seed, 'umap');
  const map = new UMAP({
    nComponents: 2,
    nNeighbors: k,
    nEpochs: umapEpochs,
    random: random.float,
  });
  map.setPrecomputedKNN(indices, distances);
  const rows = Array.from({ length: N }, (_, n) =>
    Array.from(data.subarray(n * columns, (n + 1) * columns)),
  );
  map.initializeFit(rows);
  for (let epoch = 0; epoch < umapEpochs; epoch++) {
    map.step();
    if (epoch % epochsAtOnce > 0) continue;
    signal.throwIfAborted();
    told(umapEpochs + epoch);
    await port.breathe();
  }
  return Float32Array.from(map.getEmbedding().flat());
}
