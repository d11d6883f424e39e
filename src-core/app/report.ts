/** @file What a report tells of a run: everything stored of it, and its answers to validation and test images. */
import type { TensorCache } from '../data/cache.ts';
import type { Predictor } from '../engine/engine.ts';
import type { EvaluationData, Figure, ReportData, StepData } from '../export/report/reportData.ts';
import { percent, shown } from '../export/report/reportData.ts';
import { evaluation } from '../inspect/evaluation.ts';
import { networkActivation, networkActivationTitle, networkTitle } from '../model/networkWords.ts';
import { RunResult } from '../training/metrics.ts';
import type { Part } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import { hashBytes } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { measured } from './measured.ts';
import { capsuleOf, epochRows } from './runInfo.ts';
import { epochsOf } from './storedRun.ts';

/** A page of mistakes; the JSON has no more, because they follow from the network. */
const mistakesMax = 100;
/** Images answered at once. */
const chunkSamples = 1024;

/** Of a run that has finished. */
export async function reportData(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
  predictor: Pick<Predictor, 'predict'>,
): Promise<ReportData> {
  const { runs, snapshots } = workspace;
  const dataset = runs.datasets().get(run.snapshot)?.name ?? null;
  const { snapshot, versions, warnings } = capsuleOf(run, snapshots.get(run.snapshot), dataset);
  const result = RunResult.parse(run.result);
  const evaluations: EvaluationData[] = [];
  for (const part of ['validation', 'test'] as const)
    if (samples.ranges[part].end > samples.ranges[part].start)
      evaluations.push(await judgedPart(workspace, samples, part, predictor));
  const data = {
    format: 'inkling-report-1' as const,
    run: run.id,
    name: run.name,
    classes: snapshot.classes,
    facts: factsOf(run, result, snapshot),
    warnings: warnings.map(({ message }) => message),
    spec: run.spec,
    options: run.options,
    versions,
    snapshot,
    result,
    epochs: epochRows(epochsOf(workspace, run.id)),
    evaluations,
  };
  // Every number below, wherever it stands, as JSON can hold it.
  return told(data) as ReportData;
}

/** Every step that was measured. */
export function stepData(workspace: Workspace, run: Run): StepData[] {
  return workspace.metrics.steps(run.id).map(({ firstStep, series }) => ({
    firstStep,
    series: Object.fromEntries(
      Object.entries(series).map(([name, values]) => [name, Array.from(values, figure)]),
    ),
  }));
}

/** Negative zero, which JSON does not keep, is zero. */
const figure = (value: number): Figure => measured(value + 0);

/** A copy in which every number is a figure. */
function told(value: unknown): unknown {
  if (typeof value === 'number') return figure(value);
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, held]) => held !== undefined);
  return Object.fromEntries(entries.map(([key, held]) => [key, told(held)]));
}

type SnapshotFacts = ReturnType<typeof capsuleOf>['snapshot'];

function factsOf(run: Run, result: RunResult, snapshot: SnapshotFacts): [string, string][] {
  const { train, validation, test } = snapshot.images;
  const accuracyOf = (score: RunResult['test']) =>
    score ? percent(measured(score.accuracy)) : '–';
  const { input } = run.spec;
  return [
    ['Run', run.id],
    ['Dataset', snapshot.dataset ?? 'removed'],
    ['Images', `${train} for training, ${validation} for validation, ${test} for the test`],
    ['Input', `${input.channels} × ${input.height} × ${input.width}`],
    ['Network', networkTitle(run.preset, run.spec)],
    ['Activation', networkActivationTitle(networkActivation(run.spec))],
    ['Parameters', String(result.parameters)],
    ['Seed', String(run.options.seed)],
    ['Epochs', `${result.epochs}, parameters of epoch ${result.keptEpoch} kept`],
    ['Validation accuracy', accuracyOf(result.validation)],
    ['Test accuracy', accuracyOf(result.test)],
    ['Seconds of training', shown(measured(result.seconds))],
    ['Engine', `${run.engine} on ${run.device}, ${run.options.threads} threads`],
    ['Snapshot', run.snapshot],
    ['Parameters hash', result.parametersHash],
  ];
}

async function judgedPart(
  workspace: Workspace,
  samples: TensorCache,
  part: Part,
  predictor: Pick<Predictor, 'predict'>,
): Promise<EvaluationData> {
  const { start, end } = samples.ranges[part];
  const K = samples.classes.length;
  const [probabilities, logits] = [1, 2].map(() => new Float32Array((end - start) * K));
  for (let at = start; at < end; at += chunkSamples) {
    const chunk = { start: at, end: Math.min(end, at + chunkSamples) };
    const answer = await predictor.predict(samples.readPixels(chunk));
    probabilities!.set(answer.probabilities, (at - start) * K);
    logits!.set(answer.logits, (at - start) * K);
  }
  const labels = samples.labels.subarray(start, end);
  const { hashes } = workspace.snapshots.get(samples.hash);
  const judgement = { probabilities: probabilities!, logits: logits!, labels, classes: K };
  const { mistakes, ...figures } = evaluation(judgement, { mistakes: mistakesMax });
  const named = mistakes.map(({ index, label, predicted, confidence }) => ({
    image: nameOf(workspace, hashes, start + index),
    label: samples.classes[label]!,
    predicted: samples.classes[predicted]!,
    confidence: figure(confidence),
  }));
  const { calibration, ...rest } = figures;
  // Figures become JSON's in `told`.
  return { part, ...rest, calibration, mistakes: named } as EvaluationData;
}

function nameOf({ blobs }: Workspace, hashes: Uint8Array, sample: number): string {
  const at = sample * hashBytes;
  return blobs.nameOf(hashes.subarray(at, at + hashBytes)) ?? `#${sample}`;
}
