/** @file What the tests of this folder share: a small problem that networks can learn, and ports to train on it. */
import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { stream } from '../random.ts';
import { rangesOf } from '../workspace/snapshots.ts';
import { stepBytesMax } from './batches.ts';
import { createControl } from './control.ts';
import type { SampleSource } from './evaluate.ts';
import type { FromTrainer } from './messages.ts';
import type { TrainPorts } from './session.ts';

export const side = 6;
const classNames = ['left', 'right', 'top'];

/** Noise, with one half of the picture brighter: which one is the class. */
export function brightHalves(counts: readonly [number, number, number]): SampleSource {
  const ranges = rangesOf(counts);
  const total = ranges.test.end;
  const random = stream(7, 'halves');
  const pixels = new Uint8Array(total * side * side);
  const labels = new Int32Array(total);
  for (let n = 0; n < total; n++) {
    const label = random.below(classNames.length);
    labels[n] = label;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const isBright = [x < side / 2, x >= side / 2, y < side / 2][label];
        pixels[(n * side + y) * side + x] = random.below(120) + (isBright ? 100 : 0);
      }
  }
  const bytes = side * side;
  return {
    shape: { channels: 1, height: side, width: side },
    classes: classNames,
    ranges,
    labels,
    readPixels: ({ start, end }) => pixels.slice(start * bytes, end * bytes),
  };
}

export function smallSpec(layers: unknown): ModelSpec {
  return ModelSpec.parse({
    input: { channels: 1, height: side, width: side },
    layers,
    classes: classNames.length,
  });
}

export function options(some: Record<string, unknown>): TrainOptions {
  return TrainOptions.parse({ batchSize: 16, threads: 1, ...some });
}

/** Ports that collect messages and never leave the process. `onMessage` may steer through `control`. */
export function ports(
  engine: Engine,
  source: SampleSource,
  checkpointFolder: string,
  onMessage: (message: FromTrainer, control: TrainPorts['control']) => void = () => undefined,
) {
  const messages: FromTrainer[] = [];
  const control = createControl();
  let now = 0;
  return {
    messages,
    ports: {
      engine,
      source,
      checkpointFolder,
      control,
      stepBytesMax,
      checkpointIntervalMs: 1e9,
      epochBytesMax: 0,
      // A clock on which every look takes a millisecond: no test depends on the machine's speed.
      clock: () => now++,
      breathe: () => setImmediate(),
      report: async (message) => {
        messages.push(message);
        onMessage(message, control);
      },
    } satisfies TrainPorts,
  };
}
