/**
 * @file The default engine: the training step of `graph/step.ts` run by onnxruntime. Each step is one call; state
 * is passed in and out as a few long vectors, which on WebGPU never leave the device.
 *
 * `session.run` blocks the thread it is called on: this belongs into the trainer process.
 */
import * as ort from 'onnxruntime-node';
import { failure } from '../errors.ts';
import { inference, type Forward } from '../graph/network.ts';
import { healthFigures, healthGraph } from '../graph/health.ts';
import { lower, type Target } from '../graph/lower.ts';
import { writeOnnx } from '../graph/onnx.ts';
import { optimizer } from '../graph/optimizers.ts';
import { packed, unpacked, type Pack } from '../graph/packing.ts';
import { averageName, next, slotName, trainingStep, type StepGraph } from '../graph/step.ts';
import { identity } from '../graph/build.ts';
import { input, type Value } from '../graph/value.ts';
import { averagingDecay } from '../model/averaging.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork, type Network } from '../model/layers.ts';
import {
  imageSize,
  type Engine,
  type LayerHealth,
  type Predictor,
  type PredictorRequest,
  type Tensors,
  type Trainer,
  type TrainerRequest,
  type TrainState,
} from './engine.ts';
import { briefSpin } from './spinning.ts';

export const onnxEngine: Engine = { name: 'onnx', trainer, predictor };

/** How each device is asked for. Only WebGPU can keep tensors on the device between runs. */
const providers: Record<string, { readonly name: string; readonly resident: boolean }> = {
  cpu: { name: 'cpu', resident: false },
  webgpu: { name: 'webgpu', resident: true },
  cuda: { name: 'cuda', resident: false },
  dml: { name: 'dml', resident: false },
  coreml: { name: 'coreml', resident: false },
};

/** Images per call when predicting: enough to fill every core, small enough to stay in the cache. */
const PREDICT_BATCH = 256;

/** @throws InklingError `device-unavailable` when the provider cannot be started. */
export async function session(
  outputs: Readonly<Record<string, Value>>,
  device: string,
  threads: number,
  target: Target,
  resident: readonly string[] = [],
): Promise<ort.InferenceSession> {
  const provider = providers[device];
  if (!provider)
    throw failure('device-unavailable', {
      device,
      reason: 'the onnx engine has no such device',
      hint: `Choose one of ${Object.keys(providers).join(', ')}.`,
    });
  const names = Object.keys(outputs);
  const lowered = lower(Object.values(outputs), target);
  const model = writeOnnx(Object.fromEntries(names.map((name, i) => [name, lowered[i]!])));
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [provider.name],
      intraOpNumThreads: threads,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Values too small for a normal float slow convolutions down by a factor of 20 and change no result that counts.
      extra: { session: { set_denormal_as_zero: '1', ...briefSpin } },
      ...(resident.length > 0 && {
        preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, 'gpu-buffer'])),
      }),
    });
  } catch (error) {
    if (device === 'cpu') throw error;
    throw failure('device-unavailable', {
      device,
      reason: firstLine(error),
      hint: 'Choose another device, for example cpu; `inkling doctor` lists what this computer has.',
    });
  }
}

async function trainer(request: TrainerRequest): Promise<Trainer> {
  const { options, batchSize, device } = request;
  const network = resolveNetwork(request.spec);
  const step = trainingStep(network, options, batchSize, {
    training: true,
    ...(request.masks && { masks: request.masks }),
  });
  const resident = providers[device]?.resident ?? false;
  const stateOutputs = step.state.map(({ name }) => next(name));
  const target = device === 'cpu' ? 'cpu-training' : 'portable';
  const kept = resident ? stateOutputs : [];
  const run = await session(step.outputs, device, options.threads, target, kept);
  const start = request.start ?? freshState(network, request);
  const state = (resident ? onDevice : onHost)(run, step, initialVectors(step, start, options));
  const rule = optimizer(options.optimizer);
  const { channels, height, width } = request.spec.input;
  const scalars = { rate: one(), epsilon: one(), decayRate: one(), averageRate: one() };
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, value] of Object.entries(scalars))
    if (run.inputNames.includes(name)) feeds[name] = value.tensor;
  const pixelShape = [batchSize, channels, height, width];
  let health: { readonly session: ort.InferenceSession; readonly layers: HealthLayers } | null =
    null;

  const named = async () => namedState(step, options.averaging !== null, await state.vectors());

  return {
    batchSize,
    noiseBytes: step.noiseBytes,
    async step(batch, at) {
      const { rate, epsilon } = rule.scalars(at.learningRate, at.step);
      scalars.rate.data[0] = rate;
      scalars.epsilon.data[0] = epsilon;
      scalars.decayRate.data[0] = at.learningRate;
      if (options.averaging)
        scalars.averageRate.data[0] = 1 - averagingDecay(options.averaging.decay, at.step);
      feeds['pixels'] = new ort.Tensor('uint8', batch.pixels, pixelShape);
      feeds['labels'] = new ort.Tensor('int32', batch.labels, [batchSize]);
      if (step.noiseBytes > 0)
        feeds['noise'] = new ort.Tensor('uint8', batch.noise, [step.noiseBytes]);
      return state.advance(feeds);
    },
    async probe(pixels, labels) {
      health ??= await openHealth(network, step, request);
      const inputs = await state.tensors(health.session.inputNames);
      inputs['pixels'] = new ort.Tensor('uint8', pixels, pixelShape);
      inputs['labels'] = new ort.Tensor('int32', labels, [batchSize]);
      const { health: figures } = await health.session.run(inputs);
      return healthRows(health.layers, figures!.data as Float32Array, await named());
    },
    state: named,
    async dispose() {
      await state.dispose();
      await run.release();
      await health?.session.release();
    },
  };
}

type HealthLayers = readonly { readonly layer: string; readonly activation: string }[];

async function openHealth(network: Network, step: StepGraph, request: TrainerRequest) {
  const { options, batchSize, device } = request;
  const graph = healthGraph(network, step.packing, options, batchSize);
  return {
    layers: graph.layers,
    session: await session(graph.outputs, device, options.threads, 'portable'),
  };
}

function healthRows(
  layers: HealthLayers,
  figures: Float32Array,
  { params }: TrainState,
): LayerHealth[] {
  return layers.map(({ layer, activation }, i) => {
    const at = (name: (typeof healthFigures)[number]) =>
      figures[i * healthFigures.length + healthFigures.indexOf(name)]!;
    const slopes = params[`${layer}/slopes`]?.data;
    return {
      layer,
      activation,
      gradientNorm: at('gradientNorm'),
      deadShare: at('deadShare'),
      saturatedShare: at('saturatedShare'),
      activationMean: at('activationMean'),
      activationSd: at('activationSd'),
      slopes: slopes ? summary(slopes) : null,
    };
  });
}

function summary(values: Float32Array) {
  // Not Math.min(...values): there may be more slopes than arguments a call can take.
  return {
    mean: values.reduce((sum, x) => sum + x, 0) / values.length,
    min: values.reduce((least, x) => Math.min(least, x), Infinity),
    max: values.reduce((most, x) => Math.max(most, x), -Infinity),
  };
}

/** State vectors by name, wherever they live. */
type Vectors = Map<string, Float32Array>;

interface State {
  /** One step: runs the graph and makes its new state the current one. */
  advance(feeds: Record<string, ort.Tensor>): Promise<{ loss: number; correct: number }>;
  /** The current state as tensors to feed, those among `names`. */
  tensors(names: readonly string[]): Promise<Record<string, ort.Tensor>>;
  /** Copies of the current state. */
  vectors(): Promise<Vectors>;
  dispose(): Promise<void>;
}

/** State in memory: two sets of buffers, one read and one written in place by turns. */
function onHost(run: ort.InferenceSession, step: StepGraph, start: Vectors): State {
  const names = step.state.map(({ name }) => name);
  const made = (data: (name: string, size: number) => Float32Array) =>
    Object.fromEntries(
      step.state.map(({ name, size }) => [
        name,
        new ort.Tensor('float32', data(name, size), [size]),
      ]),
    );
  let current = made((name) => start.get(name)!);
  let other = made((_, size) => new Float32Array(size));
  const results = { loss: one(), correct: one() };
  // The outputs of a run are the inputs of the next: each set is prepared once, in both roles.
  const fetchesOf = (set: Record<string, ort.Tensor>) => ({
    loss: results.loss.tensor,
    correct: results.correct.tensor,
    ...Object.fromEntries(names.map((name) => [next(name), set[name]!])),
  });
  let fetches = fetchesOf(other);
  let otherFetches = fetchesOf(current);
  const used = names.filter((name) => run.inputNames.includes(name));
  return {
    async advance(feeds) {
      for (const name of used) feeds[name] = current[name]!;
      letGo(await run.run(feeds, fetches));
      [current, other] = [other, current];
      [fetches, otherFetches] = [otherFetches, fetches];
      return { loss: results.loss.data[0]!, correct: results.correct.data[0]! };
    },
    tensors: async (wanted) =>
      Object.fromEntries(names.filter((n) => wanted.includes(n)).map((n) => [n, current[n]!])),
    vectors: async () =>
      new Map(names.map((name) => [name, (current[name]!.data as Float32Array).slice()])),
    dispose: async () => {},
  };
}

/**
 * onnxruntime-node wraps what a run has written into buffers of its own, though the memory is ours (a copy of it, in
 * Electron). Left to the garbage collector, these megabytes of each step made it run in the background all the time: a
 * step of `mlp-128-64` took 1.3 – 1.6 times the processor's time.
 */
function letGo(written: ort.InferenceSession.OnnxValueMapType): void {
  for (const { data } of Object.values(written))
    (data as Float32Array<ArrayBuffer>).buffer.transfer(0);
}

/** State on the device: what a run returns is fed to the next one and then let go. */
function onDevice(run: ort.InferenceSession, step: StepGraph, start: Vectors): State {
  const names = step.state.map(({ name }) => name);
  let current: Record<string, ort.Tensor> = Object.fromEntries(
    step.state.map(({ name, size }) => [name, new ort.Tensor('float32', start.get(name)!, [size])]),
  );
  let isStart = true;
  let copier: Promise<ort.InferenceSession> | null = null;
  const used = names.filter((name) => run.inputNames.includes(name));
  const vectors = async (): Promise<Vectors> => {
    if (isStart) return new Map(names.map((name) => [name, start.get(name)!.slice()]));
    const copied = await (await (copier ??= openCopier(step))).run(current);
    return new Map(names.map((name) => [name, dataOf(copied[next(name)]!)]));
  };
  return {
    async advance(feeds) {
      for (const name of used) feeds[name] = current[name]!;
      const outputs = await run.run(feeds);
      for (const name of names) current[name]!.dispose();
      current = Object.fromEntries(names.map((name) => [name, outputs[next(name)]!]));
      isStart = false;
      return { loss: dataOf(outputs['loss']!)[0]!, correct: dataOf(outputs['correct']!)[0]! };
    },
    tensors: async (wanted) => {
      const all = await vectors();
      const named = names.filter((name) => wanted.includes(name));
      return Object.fromEntries(
        named.map((name) => {
          const data = all.get(name)!;
          return [name, new ort.Tensor('float32', data, [data.length])];
        }),
      );
    },
    vectors,
    async dispose() {
      for (const name of names) current[name]!.dispose();
      await (await copier)?.release();
    },
  };
}

/**
 * A graph that does nothing but bring the state to memory: `Tensor.getData` of onnxruntime-node 1.30 ends the process
 * on a tensor that is on the device. This can go when it does not.
 */
function openCopier(step: StepGraph): Promise<ort.InferenceSession> {
  const copies = step.state.map(({ name, size }) => [
    next(name),
    identity(input(name, 'float32', [size])),
  ]);
  return session(Object.fromEntries(copies), 'webgpu', 1, 'portable');
}

/** The tensor's values; every float32 tensor that is in memory has them. */
function dataOf(tensor: ort.Tensor): Float32Array {
  return tensor.data as Float32Array;
}

function one() {
  const data = new Float32Array(1);
  return { data, tensor: new ort.Tensor('float32', data, [1]) };
}

function freshState(network: Network, { options }: TrainerRequest): TrainState {
  const params = initialParams(network, options.seed);
  return { params, optimizer: {}, average: options.averaging ? params : null };
}

/** Named tensors → state vectors. Optimizer slots that are absent start at zero. */
function initialVectors(
  { packing }: StepGraph,
  start: TrainState,
  options: TrainerRequest['options'],
): Vectors {
  const vectors: Vectors = new Map();
  for (const pack of [...packing.trained, ...packing.statistics])
    vectors.set(pack.name, packed(pack, start.params));
  for (const pack of packing.trained) {
    for (const slot of optimizer(options.optimizer).slots)
      vectors.set(slotName(pack, slot), slotVector(pack, slot, start.optimizer));
    if (options.averaging)
      vectors.set(averageName(pack), packed(pack, start.average ?? start.params));
  }
  return vectors;
}

function slotVector(pack: Pack, slot: string, tensors: Tensors): Float32Array {
  const fresh = Object.keys(tensors).length === 0;
  return fresh ? new Float32Array(pack.size) : packed(pack, tensors, `${slot}/`);
}

/** State vectors → named tensors, the parameters in the network's order. */
function namedState(step: StepGraph, averaging: boolean, vectors: Vectors): TrainState {
  const { trained, statistics } = step.packing;
  const named = (packs: readonly Pack[], vectorName: (pack: Pack) => string, prefix = '') =>
    Object.assign(
      {},
      ...packs.map((pack) => unpacked(pack, vectors.get(vectorName(pack))!, prefix)),
    ) as Record<string, { shape: readonly number[]; data: Float32Array }>;
  const plain = (pack: Pack) => pack.name;
  const followed = named(statistics, plain);
  const params = inOrder(step, { ...named(trained, plain), ...followed });
  const slots = [...new Set(step.state.flatMap(({ name }) => slotOf(name)))];
  const optimizerState = Object.assign(
    {},
    ...slots.map((slot) => named(trained, (pack) => slotName(pack, slot), `${slot}/`)),
  ) as Record<string, { shape: readonly number[]; data: Float32Array }>;
  const average = averaging ? inOrder(step, { ...named(trained, averageName), ...followed }) : null;
  return { params, optimizer: optimizerState, average };
}

function slotOf(stateName: string): string[] {
  const [slot, pack] = stateName.split('/');
  return pack === undefined || slot === 'average' ? [] : [slot!];
}

function inOrder(step: StepGraph, tensors: Tensors): Tensors {
  return Object.fromEntries(step.paramNames.map((name) => [name, tensors[name]!]));
}

async function predictor(request: PredictorRequest): Promise<Predictor> {
  const network = resolveNetwork(request.spec);
  const { logits, probabilities }: Forward = inference(network, request.params);
  const run = await session({ logits, probabilities }, request.device, request.threads, 'portable');
  const { classes, input: image } = request.spec;
  const imageBytes = imageSize(image);
  return {
    async predict(pixels) {
      const count = pixels.length / imageBytes;
      const result = {
        logits: new Float32Array(count * classes),
        probabilities: new Float32Array(count * classes),
      };
      for (let first = 0; first < count; first += PREDICT_BATCH) {
        const size = Math.min(PREDICT_BATCH, count - first);
        const part = pixels.subarray(first * imageBytes, (first + size) * imageBytes);
        const shape = [size, image.channels, image.height, image.width];
        const out = await run.run({ pixels: new ort.Tensor('uint8', part, shape) });
        result.logits.set(out['logits']!.data as Float32Array, first * classes);
        result.probabilities.set(out['probabilities']!.data as Float32Array, first * classes);
      }
      return result;
    },
    dispose: () => run.release(),
  };
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
