/**
 * @file Training on TensorFlow.js. The state is three sets of tensors, replaced as a whole by every step; what a
 * step allocates beside them is freed before it returns.
 */
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import { averagingDecay } from '../../model/averaging.ts';
import { initialParams } from '../../model/initialize.ts';
import { isTrained, resolveNetwork, type Network } from '../../model/layers.ts';
import type { TrainOptions } from '../../model/spec.ts';
import type { Batch, StepPosition, StepResult, Trainer, TrainerRequest } from '../engine.ts';
import { forward, imagesOf, type Named } from './forward.ts';
import { healthOf } from './health.ts';
import { correctOf, lossOf } from './loss.ts';
import { blend, slotNames, update } from './optimizers.ts';
import type { Runtime, TF } from './runtime.ts';
import { download, upload, zeros } from './state.ts';

type State = { params: Named; optimizer: Named; average: Named | null };

type Plan = { readonly tf: TF; readonly network: Network; readonly options: TrainOptions };

export async function createTrainer(runtime: Runtime, request: TrainerRequest): Promise<Trainer> {
  const { spec, options, batchSize, masks } = request;
  if (masks) throw new TypeError('the tfjs engine trains without masks; the onnx engine has them');
  const network = resolveNetwork(spec);
  const plan: Plan = { tf: runtime.tf, network, options };
  const noiseBytes = network.noiseBytesPerSample * batchSize;
  let state = await runtime.run(() => startState(plan, request));
  return {
    batchSize,
    noiseBytes,
    async step(batch, at) {
      checkBatch(batch.labels.length, batchSize, batch.noise.length, noiseBytes);
      const { next, ...result } = await runtime.run(() => advance(plan, state, batch, at));
      release(plan.tf, state);
      state = next;
      return result;
    },
    async probe(pixels, labels) {
      checkBatch(labels.length, batchSize, noiseBytes, noiseBytes);
      return runtime.run(() =>
        healthOf(plan.tf, network, options.loss, state.params, pixels, labels),
      );
    },
    state: () =>
      Promise.resolve({
        params: download(state.params),
        optimizer: download(state.optimizer),
        average: state.average && download(state.average),
      }),
    dispose() {
      release(plan.tf, state);
      return Promise.resolve();
    },
  };
}

function startState(plan: Plan, { start }: TrainerRequest): State {
  const { tf, network, options } = plan;
  const slots = slotNames(network, options.optimizer);
  const values = start?.params ?? initialParams(network, options.seed);
  // Parameters alone, without an optimizer's memory, are a fresh start from those parameters.
  const fresh = !start || Object.keys(start.optimizer).length === 0;
  return {
    params: upload(tf, values, network.params),
    optimizer: fresh ? zeros(tf, slots) : upload(tf, start.optimizer, slots),
    average: options.averaging ? upload(tf, start?.average ?? values, network.params) : null,
  };
}

function advance(
  plan: Plan,
  state: State,
  batch: Batch,
  at: StepPosition,
): StepResult & { next: State } {
  const { tf, network, options } = plan;
  const { loss, correct, grads, running } = differentiate(plan, state.params, batch);
  const moved = update(tf, network, options, at, { ...state, grads });
  const params = inOrder(network, { ...moved.params, ...running });
  const average = state.average && averaged(plan, state.average, params, at.step);
  return { loss, correct, next: { params, optimizer: moved.optimizer, average } };
}

type Differentiated = StepResult & { readonly grads: Named; readonly running: Named };

/** Loss and its gradient by every trained parameter. */
function differentiate(
  { tf, network, options }: Plan,
  params: Named,
  batch: Batch,
): Differentiated {
  const names = network.params.filter(isTrained).map(({ name }) => name);
  const images = imagesOf(tf, network.spec.input, batch.pixels);
  const labels = tf.tensor1d(batch.labels, 'int32');
  const running: Record<string, Tensor> = {};
  const aside: { correct?: Scalar } = {};
  const loss = (...weights: Tensor[]): Scalar => {
    const current = {
      ...params,
      ...Object.fromEntries(names.map((name, i) => [name, weights[i]!])),
    };
    const mode = { kind: 'training', noise: batch.noise, running } as const;
    const logits = forward(tf, network, current, images, mode);
    aside.correct = tf.keep(correctOf(tf, logits, labels));
    return lossOf(tf, network.spec, options.loss, logits, labels);
  };
  const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => params[name]!));
  const correct = aside.correct!.dataSync()[0]!;
  tf.dispose(aside);
  return {
    loss: value.dataSync()[0]!,
    correct,
    grads: Object.fromEntries(names.map((name, i) => [name, grads[i]!])),
    running,
  };
}

/** avg ← decay·avg + (1 − decay)·w; running statistics are averages already and are taken as they are. */
function averaged(plan: Plan, average: Named, params: Named, step: number): Named {
  const { tf, network, options } = plan;
  const decay = averagingDecay(options.averaging!.decay, step);
  return Object.fromEntries(
    network.params.map((param) => {
      const now = params[param.name]!;
      const next = isTrained(param) ? blend(tf, average[param.name]!, now, decay) : tf.clone(now);
      return [param.name, next];
    }),
  );
}

/** The order of `network.params`, in which parameters are stored and hashed. */
function inOrder(network: Network, params: Named): Named {
  return Object.fromEntries(network.params.map(({ name }) => [name, params[name]!]));
}

function release(tf: TF, { params, optimizer, average }: State): void {
  for (const part of [params, optimizer, average ?? {}]) tf.dispose(Object.values(part));
}

function checkBatch(count: number, expected: number, noise: number, noiseBytes: number): void {
  if (count !== expected) throw new RangeError(`batch of ${count} samples, built for ${expected}`);
  if (noise !== noiseBytes) throw new RangeError(`${noise} bytes of noise, ${noiseBytes} needed`);
}
