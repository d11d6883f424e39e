/**
 * @file Prunes a run's network for an export: accuracy against sparsity, then fine-tuning at the chosen one. It is
 * trained as the run was, at a constant tenth of its learning rate, and what is zero stays zero.
 */
import { deflateRawSync } from 'node:zlib';
import type { Pruning } from '../contract/exporting.ts';
import type { TensorCache } from '../data/cache.ts';
import type { Tensors } from '../engine/engine.ts';
import type { TrainedNetwork } from '../export/format.ts';
import { encodeOnnx } from '../export/onnxFormat.ts';
import { pruned, pruningMasks, sparsityOf } from '../export/prune.ts';
import { resolveNetwork } from '../model/layers.ts';
import { batchSizeFor, checkBatch, createBatches, stepBytesMax } from '../training/batches.ts';
import { loadEngine } from '../training/engines.ts';
import type { Run } from '../workspace/runs.ts';

export type PruneRequest = {
  readonly run: Run;
  readonly samples: TensorCache;
  /** What the run predicts with. */
  readonly params: Tensors;
  readonly sparsity: number;
  readonly fineTuneEpochs: number;
  /** Accuracy of the run's network with these parameters. */
  readonly judge: (params: Tensors) => Promise<number>;
  /** Told of steps of fine-tuning. */
  readonly progress: (done: number, total: number) => void;
};

export type PrunedParams = {
  readonly params: Tensors;
  readonly steps: number;
  readonly report: Omit<Pruning, 'zippedBytes'>;
};

/** Beside the chosen one, these are tried, without fine-tuning. */
const triedSparsities = [0, 0.5, 0.7, 0.8, 0.9, 0.95];

/** @throws InklingError `batch-too-large`, `device-unavailable` */
export async function pruneParams(request: PruneRequest): Promise<PrunedParams> {
  const { run, params, sparsity, fineTuneEpochs, judge } = request;
  const network = resolveNetwork(run.spec);
  const curve: { sparsity: number; accuracy: number }[] = [];
  for (const tried of [...new Set([...triedSparsities, sparsity])].sort((a, b) => a - b)) {
    const without = pruned(params, pruningMasks(network, params, tried));
    curve.push({ sparsity: tried, accuracy: await judge(without) });
  }
  const masks = pruningMasks(network, params, sparsity);
  const start = pruned(params, masks);
  const tuned = fineTuneEpochs === 0 ? { params: start, steps: 0 } : await tune(request, masks);
  const kept = pruned(tuned.params, masks);
  const accuracy = { before: curve[0]!.accuracy, after: await judge(kept) };
  const report = { sparsity: sparsityOf(network, kept), fineTuneEpochs, accuracy, curve };
  return { params: kept, steps: tuned.steps, report };
}

/** By the onnx engine, whatever trained the run: it is the one with masks. */
async function tune(
  { run, samples, params, fineTuneEpochs, progress }: PruneRequest,
  masks: Tensors,
) {
  const { spec, engine } = run;
  const { range, ...train } = trainSamples(samples);
  const options = { ...run.options, averaging: null };
  const batchSize = batchSizeFor(options, range.end - range.start);
  checkBatch(resolveNetwork(spec), batchSize, stepBytesMax);
  const device = engine === 'onnx' ? run.device : 'cpu';
  const start = { params: pruned(params, masks), optimizer: {}, average: null };
  const onnx = await loadEngine('onnx');
  const trainer = await onnx.trainer({ spec, options, batchSize, start, device, masks });
  try {
    const { noiseBytes } = trainer;
    const batches = createBatches(train, { ...options, batchSize, noiseBytes });
    const steps = fineTuneEpochs * batches.stepsPerEpoch;
    const learningRate = options.learningRate / 10;
    for (let step = 1; step <= steps; step++) {
      await trainer.step(batches.at(step), { step, learningRate });
      if (step % stepsTold === 0 || step === steps) progress(step, steps);
    }
    return { params: (await trainer.state()).params, steps };
  } finally {
    await trainer.dispose();
  }
}

/** Steps from one message to the next. */
const stepsTold = 20;

function trainSamples({ shape, labels, ranges, readPixels }: TensorCache) {
  const range = ranges.train;
  const { start, end } = range;
  return { range, shape, pixels: readPixels(range), labels: labels.slice(start, end) };
}

/** The file of a network is as long with zeros as without: what compressing it gains is what pruning gains. */
export function zippedBytes(network: TrainedNetwork, unpruned: Tensors): Pruning['zippedBytes'] {
  const length = (params: Tensors) => deflateRawSync(encodeOnnx({ ...network, params })).length;
  return { before: length(unpruned), after: length(network.params) };
}
