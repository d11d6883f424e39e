/**
 * @file Which pixels a score depends on, three ways. Gradients are those of the class's score before the output
 * function, by the image scaled to 0 … 1; black is the image that says nothing.
 */
import type { Tensor } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { gradients } from '../graph/gradients.ts';
import { mul, sumAll } from '../graph/build.ts';
import { forward } from '../graph/network.ts';
import { constant, input } from '../graph/value.ts';
import type { CallInput, CallOutput } from './messages.ts';
import { largestIndex } from './largest.ts';
import type { OpenNetwork } from './openNetwork.ts';

type Request = CallInput<'saliency'>;
type Found = CallOutput<'saliency'>;
type Asked = { readonly pixels: Uint8Array; readonly class: number };

/** Places along the way from black to the image; more change the map by less than is seen. */
const pathSteps = 64;
/** Images in one call of the gradient's graph. */
const pathBatch = 16;

/** @throws InklingError `network-place` */
export async function saliency(
  open: OpenNetwork,
  { pixels, method, ...asked }: Request,
): Promise<Found> {
  const predictor = await open.predictor();
  const { logits } = await predictor.predict(pixels);
  const chosen = asked.class ?? largestIndex(logits);
  if (chosen >= logits.length) throw failure('network-place', { problem: `no class ${chosen}` });
  const { map, gap } = await methods[method](open, { pixels, class: chosen });
  return { class: chosen, score: logits[chosen]!, gap, saliency: map };
}

type Map = { readonly map: Found['saliency']; readonly gap: number | null };
type Method = (open: OpenNetwork, asked: Asked) => Promise<Map>;

const methods: Readonly<Record<Request['method'], Method>> = {
  'gradient-input': async (open, asked) => {
    const image = unitImage(asked.pixels);
    const { slopes } = await scoreGradients(open, [image], asked.class);
    return { map: mapOf(open, product(image, slopes.data)), gap: null };
  },

  // Sundararajan et al., 2017: x · mean of the gradient along the straight path from black, by midpoints.
  'integrated-gradients': async (open, asked) => {
    const image = unitImage(asked.pixels);
    const sums = new Float64Array(image.length);
    for (let first = 0; first < pathSteps; first += pathBatch) {
      const places = Array.from({ length: pathBatch }, (_, i) => (first + i + 0.5) / pathSteps);
      const images = places.map((share) => image.map((level) => level * share));
      const { slopes } = await scoreGradients(open, images, asked.class);
      slopes.data.forEach((slope, i) => (sums[i % image.length]! += slope / pathSteps));
    }
    const map = product(image, sums);
    const { scores } = await scoreGradients(
      open,
      [image, new Float32Array(image.length)],
      asked.class,
    );
    const total = map.reduce((sum, value) => sum + value, 0);
    return { map: mapOf(open, map), gap: total - (scores.data[0]! - scores.data[1]!) };
  },

  occlusion: async (open, { pixels, class: chosen }) => ({
    map: await occlusion(open, pixels, chosen),
    gap: null,
  }),
};

/** Scores [N] of one class for images, and their slopes [N, C, H, W]. */
async function scoreGradients(
  open: OpenNetwork,
  images: readonly Float32Array[],
  chosen: number,
): Promise<{ readonly slopes: Tensor; readonly scores: { readonly data: Float32Array } }> {
  const { spec } = open.network;
  const { channels, height, width } = spec.input;
  const N = images.length;
  const graph = await open.graph(`score gradient of ${N}`, () => {
    const pass = forward(open.network, {
      batchSize: N,
      param: ({ name }) => {
        const { shape, data } = open.stored.params[name]!;
        return constant(shape, data);
      },
      training: false,
      traced: true,
      readsImage: true,
    });
    const picked = mul(pass.logits, input('chosen', 'float32', [1, spec.classes]));
    const [slopes] = gradients(sumAll(picked), [pass.image]);
    // Below a step function nothing reaches the image: its slopes are zero everywhere.
    const none = constant(pass.image.shape, new Float32Array(N * channels * height * width));
    return { slopes: slopes ?? none, logits: pass.logits };
  });
  const data = new Float32Array(N * channels * height * width);
  images.forEach((image, i) => data.set(image, i * image.length));
  const oneHot = new Float32Array(spec.classes);
  oneHot[chosen] = 1;
  const { slopes, logits } = await graph.run({
    image: { shape: [N, channels, height, width], data },
    chosen: { shape: [1, spec.classes], data: oneHot },
  });
  const scores = Float32Array.from(images, (_, i) => logits!.data[i * spec.classes + chosen]!);
  return { slopes: slopes!, scores: { data: scores } };
}

function unitImage(pixels: Uint8Array): Float32Array {
  return Float32Array.from(pixels, (level) => level / 255);
}

function product(a: Float32Array, b: Float32Array | Float64Array): Float32Array {
  return a.map((value, i) => value * b[i]!);
}

function mapOf({ network }: OpenNetwork, data: Float32Array): Found['saliency'] {
  const { channels, height, width } = network.spec.input;
  return { shape: [channels, height, width], data };
}

/** The window covers a seventh of the image, and moves by half of itself: 4 and 2 pixels for a digit. */
const windowsAcross = 7;

/**
 * How far the probability of the class falls when a window is made black: at each pixel the mean over the windows
 * that cover it (Zeiler & Fergus, 2014). [1, H, W]
 */
async function occlusion(
  open: OpenNetwork,
  pixels: Uint8Array,
  chosen: number,
): Promise<Found['saliency']> {
  const { channels, height, width } = open.network.spec.input;
  const { classes } = open.network.spec;
  const side = Math.max(1, Math.round(Math.max(height, width) / windowsAcross));
  const stride = Math.max(1, Math.floor(side / 2));
  const rows = starts(height, side, stride);
  const columns = starts(width, side, stride);
  const windows = rows.flatMap((top) => columns.map((left) => ({ top, left })));
  const covered = new Uint8Array((windows.length + 1) * pixels.length);
  windows.forEach(({ top, left }, n) => {
    const copy = covered.subarray(n * pixels.length, (n + 1) * pixels.length);
    copy.set(pixels);
    for (let c = 0; c < channels; c++)
      for (let y = top; y < Math.min(top + side, height); y++) {
        const start = (c * height + y) * width + left;
        copy.fill(0, start, start + Math.min(side, width - left));
      }
  });
  covered.set(pixels, windows.length * pixels.length);
  const { probabilities } = await (await open.predictor()).predict(covered);
  const whole = probabilities[windows.length * classes + chosen]!;
  const drops = windows.map((_, n) => whole - probabilities[n * classes + chosen]!);
  return { shape: [1, height, width], data: spread(windows, drops, side, [height, width]) };
}

/** Where windows begin: from the edge on, the last one ending at the other edge. */
function starts(length: number, side: number, stride: number): number[] {
  const found: number[] = [];
  for (let at = 0; at + side < length; at += stride) found.push(at);
  return [...found, Math.max(0, length - side)];
}

function spread(
  windows: readonly { readonly top: number; readonly left: number }[],
  drops: readonly number[],
  side: number,
  [height, width]: readonly [number, number],
): Float32Array {
  const sums = new Float32Array(height * width);
  const counts = new Uint16Array(height * width);
  windows.forEach(({ top, left }, n) => {
    for (let y = top; y < Math.min(top + side, height); y++)
      for (let x = left; x < Math.min(left + side, width); x++) {
        sums[y * width + x]! += drops[n]!;
        counts[y * width + x]!++;
      }
  });
  return sums.map((sum, i) => sum / counts[i]!);
}
