/** @file Every op's gradient against finite differences, computed by the runtime that will run it. */
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { shuffle, stream, type Stream } from '../random.ts';
import { apply, mul, sumAll } from './build.ts';
import { gradients } from './gradients.ts';
import { isWritable, lower, type Target } from './lower.ts';
import { writeOnnx } from './onnx.ts';
import { ops, row, type OpName } from './ops.ts';
import { rules } from './rules.ts';
import { input, type Dims, type Value } from './value.ts';

const names = Object.keys(ops) as OpName[]; // keys() widens the names
const size = (shape: Dims) => shape.reduce((n, dim) => n * dim, 1);
/** Ops whose rule exists but which take conditions: covered by Max, Min and PRelu, whose rules use them. */
const conditional: readonly OpName[] = ['Where'];

type Arrays = readonly Float32Array[];

/** The graph's outputs as a function of its inputs x0, x1, … */
async function compile(
  outputs: Readonly<Record<string, Value>>,
  shapes: readonly Dims[],
  target: Target,
): Promise<(values: Arrays) => Promise<Record<string, Float32Array>>> {
  const keys = Object.keys(outputs);
  const lowered = lower(Object.values(outputs), target);
  const model = writeOnnx(Object.fromEntries(keys.map((key, i) => [key, lowered[i]!])));
  const session = await ort.InferenceSession.create(model, {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  return async (values) => {
    const feeds = values.flatMap((data, i) => {
      const used = session.inputNames.includes(`x${i}`);
      return used ? [[`x${i}`, new ort.Tensor('float32', data, [...shapes[i]!])] as const] : [];
    });
    const out = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(keys.map((key) => [key, out[key]!.data as Float32Array]));
  };
}

function draw(shape: Dims, random: Stream): Float32Array {
  return Float32Array.from({ length: size(shape) }, () => 0.5 + random.float());
}

/** Farther apart than the steps below, from each other and from zero: where f has corners, none is stepped over. */
const APART = 0.1;

function drawApart(shapes: readonly Dims[], random: Stream): Float32Array[] {
  const count = shapes.reduce((sum, shape) => sum + size(shape), 0);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(order, random);
  let used = 0;
  return shapes.map((shape) =>
    Float32Array.from(
      { length: size(shape) },
      () => (order[used++]! - Math.floor(count / 2) + 0.3) * APART,
    ),
  );
}

/** Rows made to sum to one, as the targets of a cross-entropy do. */
function normalizeRows(data: Float32Array, width: number): void {
  for (let start = 0; start < data.length; start += width) {
    const part = data.subarray(start, start + width);
    const sum = part.reduce((total, x) => total + Math.abs(x), 0);
    part.forEach((x, i) => (part[i] = Math.abs(x) / sum));
  }
}

/**
 * dloss/dx by central differences with Richardson's extrapolation, loss = Σ weight·y. The step is large because the
 * runtime computes in float32.
 */
async function numeric(
  lossAt: (values: Arrays) => Promise<number>,
  values: Arrays,
  which: number,
): Promise<Float32Array> {
  const gradient = new Float32Array(values[which]!.length);
  const central = async (i: number, h: number) => {
    const moved = async (by: number) => {
      const copy = values.map((v) => v.slice());
      copy[which]![i]! += by;
      return lossAt(copy);
    };
    return ((await moved(h)) - (await moved(-h))) / (2 * h);
  };
  for (let i = 0; i < gradient.length; i++)
    gradient[i] = (4 * (await central(i, 0.01)) - (await central(i, 0.02))) / 3;
  return gradient;
}

describe.each(['cpu-training', 'portable'] as const)('gradients, lowered for %s', (target) => {
  for (const name of names)
    row(name).check.forEach((check, index) => {
      it(`${name} ${index + 1}: ${check.shapes.map((s) => `[${s.join()}]`).join(' ')}`, async () => {
        const random = stream(7, `check/${name}`, index);
        const values = check.positive
          ? check.shapes.map((shape) => draw(shape, random))
          : drawApart(check.shapes, random);
        if (check.simplex !== undefined)
          normalizeRows(values[check.simplex]!, check.shapes[check.simplex]!.at(-1)!);
        const inputs = check.shapes.map((shape, i) => input(`x${i}`, 'float32', shape));
        const y = apply(name, inputs, check.attrs ?? {});
        const weight = input(`x${inputs.length}`, 'float32', y.shape);
        const all = [...values, draw(y.shape, random)];
        const shapes = [...check.shapes, y.shape];
        const loss = sumAll(mul(y, weight));
        const grads = gradients(loss, inputs);
        const present = grads.flatMap((grad, i) => (grad ? [[`d${i}`, grad] as const] : []));
        const exact = await (await compile(Object.fromEntries(present), shapes, target))(all);
        const evaluate = await compile({ loss }, shapes, target);
        const lossAt = async (at: Arrays) => (await evaluate(at))['loss']![0]!;
        for (const [i, grad] of grads.entries()) {
          if (grad === null) continue;
          expect(grad.shape).toEqual(check.shapes[i]);
          const expected = await numeric(lossAt, all, i);
          const scale = Math.max(1e-2, ...expected.map(Math.abs));
          const worst = Math.max(...expected.map((x, k) => Math.abs(x - exact[`d${i}`]![k]!)));
          expect(worst / scale).toBeLessThan(2e-3);
        }
      });
    });
});

describe('the op table', () => {
  it.each(names)('%s can be written and is checked if it has a gradient', (name) => {
    expect(isWritable(name)).toBe(true);
    const checked = row(name).check.length > 0 || conditional.includes(name);
    expect(checked).toBe(rules[name] !== null);
  });
});
