import { describe, expect, it } from 'vitest';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { presetSpec, type PresetName } from '../model/presets.ts';
import { AugmentationSpec } from '../model/spec.ts';
import {
  batchSizeFor,
  checkBatch,
  createBatches,
  type BatchPlan,
  type Batches,
  type Samples,
} from './batches.ts';
import { options } from './testing.ts';

/** Eleven images of four pixels; every pixel and the label say which image it is. */
const samples: Samples = {
  shape: { channels: 1, height: 2, width: 2 },
  pixels: Uint8Array.from({ length: 44 }, (_, i) => 10 * Math.floor(i / 4) + (i % 4)),
  labels: Int32Array.from({ length: 11 }, (_, i) => i),
};

function batches(plan: Partial<BatchPlan> = {}): Batches {
  return createBatches(samples, {
    batchSize: 4,
    seed: 1,
    noiseBytes: 0,
    augmentation: null,
    ...plan,
  });
}

function copyAt(from: Batches, step: number) {
  const { pixels, labels, noise } = from.at(step);
  return { pixels: [...pixels], labels: [...labels], noise: [...noise] };
}

const augmentation = AugmentationSpec.parse({ noise: 20, invert: 0.5 });

describe('batches', () => {
  it('hold images with their labels, each at most once in an epoch', () => {
    const all = batches();
    expect(all.stepsPerEpoch).toBe(2);
    const seen: number[] = [];
    for (const step of [1, 2]) {
      const { pixels, labels } = copyAt(all, step);
      labels.forEach((label, row) =>
        expect(pixels.slice(row * 4, row * 4 + 4)).toEqual([0, 1, 2, 3].map((i) => 10 * label + i)),
      );
      seen.push(...labels);
    }
    expect(new Set(seen).size).toBe(8);
  });

  it('leave out other images in other epochs, so that all are seen in the end', () => {
    const all = batches();
    const seen = new Set<number>();
    for (let step = 1; step <= 20; step++) copyAt(all, step).labels.forEach((n) => seen.add(n));
    expect(seen.size).toBe(11);
    expect(copyAt(all, 1).labels).not.toEqual(copyAt(all, 3).labels);
  });

  it('depend on the step alone, in whatever order they are asked for', () => {
    const plan = { noiseBytes: 9, augmentation };
    const forward = batches(plan);
    const steps = [1, 2, 3, 4, 5, 6].map((step) => copyAt(forward, step));
    const backward = batches(plan);
    for (const step of [6, 5, 4, 3, 2, 1]) expect(copyAt(backward, step)).toEqual(steps[step - 1]);
  });

  it('differ in order, augmentation and noise with the seed', () => {
    const plan = { noiseBytes: 9, augmentation };
    const one = copyAt(batches({ ...plan, seed: 1 }), 1);
    const other = copyAt(batches({ ...plan, seed: 2 }), 1);
    expect(other.labels).not.toEqual(one.labels);
    expect(other.noise).not.toEqual(one.noise);
  });

  it('change an image anew in every epoch', () => {
    const all = batches({ batchSize: 11, augmentation });
    const image = (step: number): number[] => {
      const { pixels, labels } = copyAt(all, step);
      const row = labels.indexOf(3);
      return pixels.slice(row * 4, row * 4 + 4);
    };
    expect(image(2)).not.toEqual(image(1));
    expect(image(1)).not.toEqual([30, 31, 32, 33]);
  });

  it('keep their order whether or not images are changed', () =>
    expect(copyAt(batches({ augmentation }), 2).labels).toEqual(copyAt(batches(), 2).labels));

  it.each([
    [{ batchSize: 128 }, 11, 11],
    [{ batchSize: 4 }, 11, 4],
    [{ batchSize: 4, optimizer: { kind: 'gradient-descent' } }, 11, 11],
  ])('of %j from %i images have size %i', (some, count, expected) =>
    expect(batchSizeFor(options(some), count)).toBe(expected),
  );
});

describe('two networks that differ in their activation', () => {
  const shape = { channels: 1, height: 8, width: 8 } as const;
  const networks = (['relu', 'swish', 'prelu', 'sigmoid'] as const).map((name) =>
    resolveNetwork(
      presetSpec(
        'best-digits',
        shape,
        3,
        name === 'prelu'
          ? { name, initial: 0.25 }
          : name === 'swish'
            ? { name, beta: 1 }
            : { name },
      ),
    ),
  );

  it('see the same batches, dropout included, for the same seed', () => {
    const [first, ...others] = networks.map(({ noiseBytesPerSample }) =>
      copyAt(batches({ noiseBytes: 4 * noiseBytesPerSample, augmentation }), 3),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  it('start from the same weights where their initializers agree', () => {
    const [relu, swish] = networks.map((network) => initialParams(network, 5));
    expect(swish).toEqual(relu);
  });
});

describe('a batch', () => {
  const shape = { channels: 1, height: 28, width: 28 } as const;
  const network = (preset: PresetName) =>
    resolveNetwork(presetSpec(preset, shape, 10, { name: 'relu' }));

  it('is refused, with the figures, where memory would not do', () =>
    expect(() => checkBatch(network('cnn-32-64'), 1_000_000, 2 ** 32)).toThrowError(
      /step over 1000000 images at once would need about [\d.]+ GiB of memory; the limit is 4 GiB/,
    ));

  it('is allowed where it does', () =>
    expect(() => checkBatch(network('cnn-32-64'), 1000, 2 ** 32)).not.toThrow());

  it.each<[PresetName, number]>([
    ['cnn-32-64', 2.2e6],
    ['best-digits', 5e6],
  ])(
    'of %s is estimated at no less than was measured, and at most at twice that',
    (preset, bytes) => {
      const of = (limit: number) => () => checkBatch(network(preset), 100, 100 * limit);
      expect(of(bytes)).toThrowError(/at once/);
      expect(of(2 * bytes)).not.toThrow();
    },
  );
});
