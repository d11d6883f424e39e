/** @file Runs side by side: read from the store, compared, and told to pages and the command line alike. */
import type { Comparison as Told, ComparisonGroup } from '../contract/training.ts';
import { comparable } from '../inspect/comparable.ts';
import { comparison, type ComparedGroup, type ComparedRun } from '../inspect/comparison.ts';
import type { Comparison } from '../inspect/comparisonTable.ts';
import { methods } from '../inspect/methods.ts';
import { twoRuns, type Judged, type TwoRuns } from '../inspect/twoRuns.ts';
import { networkActivation, networkActivationTitle } from '../model/networkWords.ts';
import { RunResult } from '../training/metrics.ts';
import type { RunId, SnapshotHash } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import type { Snapshot } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { breathing } from './breathing.ts';
import { measuredSummary } from './measured.ts';
import { imageCounts } from './runInfo.ts';
import { epochEnds, epochsOf } from './storedRun.ts';

/**
 * @param target accuracy on validation images whose epochs and seconds are counted.
 * @throws InklingError `run-unknown`
 */
export async function compareRuns(
  workspace: Workspace,
  ids: readonly RunId[],
  target: number,
  clock: () => number,
): Promise<Comparison> {
  const { runs, warnings } = comparable(ids.map((id) => workspace.runs.get(id)));
  const breathe = breathing(clock);
  const compared: ComparedRun[] = [];
  for (const run of runs) {
    compared.push(comparedRun(workspace, run));
    await breathe();
  }
  const snapshotOf = snapshots(workspace);
  const datasets = workspace.runs.datasets();
  const factsOf = ({ snapshot }: Run) => ({
    dataset: datasets.get(snapshot)?.name ?? null,
    images: imageCounts(snapshotOf(snapshot)),
  });
  return {
    ...comparison(compared, target),
    methods: methods(runs, factsOf),
    warnings,
    mcNemar: pairOf(workspace, runs, snapshotOf),
  };
}

/** Each is read once: they are large, and runs of a comparison share theirs. */
function snapshots({ snapshots: store }: Workspace): (hash: SnapshotHash) => Snapshot {
  const read = new Map<SnapshotHash, Snapshot>();
  return (hash) => {
    const snapshot = read.get(hash) ?? store.get(hash);
    read.set(hash, snapshot);
    return snapshot;
  };
}

function comparedRun(workspace: Workspace, run: Run): ComparedRun {
  const result = RunResult.parse(run.result);
  const epochs = epochsOf(workspace, run.id);
  const ends = epochEnds(epochs);
  const kept = epochs.find(({ epoch }) => epoch === result.keptEpoch);
  return {
    run: run.id,
    activation: networkActivation(run.spec),
    seed: run.options.seed,
    testAccuracy: result.test?.accuracy ?? null,
    validationAccuracy: result.validation?.accuracy ?? null,
    seconds: result.seconds,
    samplesPerSecond: result.samplesPerSecond,
    epochs: epochs.map(({ validation }, i) => ({
      validationAccuracy: validation?.accuracy ?? null,
      seconds: ends[i]!.seconds,
    })),
    health: (kept?.layers ?? []).map((layer) => ({ ...layer, slope: layer.slopes?.mean ?? null })),
  };
}

/** Exactly two runs on the same test images, whose predictions are stored. */
function pairOf(
  workspace: Workspace,
  runs: readonly Run[],
  snapshotOf: (hash: SnapshotHash) => Snapshot,
): TwoRuns | null {
  const [first, second] = runs;
  if (!first || !second || runs.length > 2 || first.snapshot !== second.snapshot) return null;
  const [a, b] = [judged(workspace, first), judged(workspace, second)];
  const { labels, ranges } = snapshotOf(first.snapshot);
  return a && b && twoRuns(a, b, labels.subarray(ranges.test.start, ranges.test.end));
}

function judged(workspace: Workspace, { id, spec, options }: Run): Judged | null {
  const probabilities = workspace.predictions.get(id, 'test');
  const activation = networkActivationTitle(networkActivation(spec));
  return probabilities
    ? { run: id, title: `${activation}, seed ${options.seed}`, probabilities }
    : null;
}

/** As pages are told it. */
export function toldComparison({ groups, pairs, ...rest }: Comparison): Told {
  return {
    ...rest,
    warnings: [...rest.warnings],
    groups: groups.map(toldGroup),
    pairs: pairs.map(({ seeds, ci95, ...pair }) => ({
      ...pair,
      seeds: [...seeds],
      ci95: ci95 && [...ci95],
    })),
  };
}

function toldGroup(group: ComparedGroup): ComparisonGroup {
  const { reaching, health } = group;
  const told = (values: ComparedGroup['seconds']) => values && measuredSummary(values);
  return {
    activation: group.activation,
    title: group.title,
    runs: [...group.runs],
    testAccuracy: told(group.testAccuracy),
    validationAccuracy: told(group.validationAccuracy),
    seconds: told(group.seconds),
    samplesPerSecond: told(group.samplesPerSecond),
    reaching: {
      ...reaching,
      epochs: told(reaching.epochs),
      seconds: told(reaching.seconds),
    },
    health: health.map(({ layer, deadShare, saturatedShare, gradientNorm, slopes }) => ({
      layer,
      deadShare: measuredSummary(deadShare),
      saturatedShare: measuredSummary(saturatedShare),
      gradientNorm: measuredSummary(gradientNorm),
      slopes: told(slopes),
    })),
  };
}
