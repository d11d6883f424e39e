/**
 * @file Runs that differ in activation and seed alone, side by side: a summary of each activation, and of each
 * pair of activations the difference over the seeds they share. What is said in words never goes beyond what
 * the interval supports.
 */
import { networkActivationTitle } from '../model/networkWords.ts';
import { studentT, summary, type Summary } from './statistics.ts';

export type ComparedEpoch = {
  /** Null: no validation images. */
  readonly validationAccuracy: number | null;
  /** From the start of the run to the end of this epoch. */
  readonly seconds: number;
};

/** One layer at the end of the epoch that was kept. */
export type ComparedLayer = {
  readonly layer: string;
  readonly deadShare: number;
  readonly saturatedShare: number;
  readonly gradientNorm: number;
  /** The mean of the learned slopes; null: it has none. */
  readonly slope: number | null;
};

/** Accuracies are 0 … 1. */
export type ComparedRun = {
  readonly run: string;
  readonly activation: string;
  readonly seed: number;
  /** Null: no test images. */
  readonly testAccuracy: number | null;
  readonly validationAccuracy: number | null;
  readonly seconds: number;
  readonly samplesPerSecond: number;
  readonly epochs: readonly ComparedEpoch[];
  readonly health: readonly ComparedLayer[];
};

/** How long runs took to a validation accuracy; the figures are of those that reached it. */
export type Reaching = {
  readonly accuracy: number;
  readonly reached: number;
  readonly epochs: Summary | null;
  readonly seconds: Summary | null;
};

/** Means, spreads and extremes over the runs of a group. */
export type LayerSummary = {
  readonly layer: string;
  readonly deadShare: Summary;
  readonly saturatedShare: Summary;
  readonly gradientNorm: Summary;
  readonly slopes: Summary | null;
};

export type ComparedGroup = {
  readonly activation: string;
  readonly title: string;
  readonly runs: readonly string[];
  readonly n: number;
  readonly testAccuracy: Summary | null;
  readonly validationAccuracy: Summary | null;
  readonly seconds: Summary | null;
  readonly samplesPerSecond: Summary | null;
  readonly reaching: Reaching;
  /** Layers in order. */
  readonly health: readonly LayerSummary[];
};

export type ComparedPair = {
  readonly a: string;
  readonly b: string;
  /** The seeds both have a test accuracy for, ascending. */
  readonly seeds: readonly number[];
  /** Mean of (a − b) in test accuracy; null without a common seed. */
  readonly difference: number | null;
  /** Of the mean difference, by Student's t; null where the differences do not allow one. */
  readonly ci95: readonly [low: number, high: number] | null;
  readonly text: string;
};

export type Figures = {
  readonly groups: readonly ComparedGroup[];
  readonly pairs: readonly ComparedPair[];
  /** What to keep in mind reading the pairs; null when there is one pair or none. */
  readonly caution: string | null;
};

/** Accuracy of the "epochs to" figures unless another is chosen: good, and within reach of small networks. */
const targetDefault = 0.97;

/** Groups are in the order in which their activations first appear; pairs follow it. */
export function comparison(runs: readonly ComparedRun[], target = targetDefault): Figures {
  const groups = Map.groupBy(runs, (run) => run.activation);
  const names = [...groups.keys()];
  const pairs = names.flatMap((a, i) =>
    names.slice(i + 1).map((b) => pairOf(a, groups.get(a)!, b, groups.get(b)!)),
  );
  return {
    groups: names.map((name) => groupOf(name, groups.get(name)!, target)),
    pairs,
    caution: cautionOf(pairs.length),
  };
}

function groupOf(activation: string, runs: readonly ComparedRun[], target: number): ComparedGroup {
  const seeds = new Set(runs.map(({ seed }) => seed));
  if (seeds.size < runs.length) throw new RangeError(`${activation}: two runs with the same seed`);
  return {
    activation,
    title: networkActivationTitle(activation),
    runs: runs.map(({ run }) => run),
    n: runs.length,
    testAccuracy: summary(known(runs.map((run) => run.testAccuracy))),
    validationAccuracy: summary(known(runs.map((run) => run.validationAccuracy))),
    seconds: summary(runs.map((run) => run.seconds)),
    samplesPerSecond: summary(runs.map((run) => run.samplesPerSecond)),
    reaching: reaching(runs, target),
    health: healthOf(runs),
  };
}

/** Layers by name: those that not every run has are summarized over the runs that have them. */
function healthOf(runs: readonly ComparedRun[]): LayerSummary[] {
  const layers = Map.groupBy(
    runs.flatMap(({ health }) => health),
    ({ layer }) => layer,
  );
  return [...layers].map(([layer, found]) => {
    const of = (pick: (one: ComparedLayer) => number): Summary => summary(found.map(pick))!;
    return {
      layer,
      deadShare: of((one) => one.deadShare),
      saturatedShare: of((one) => one.saturatedShare),
      gradientNorm: of((one) => one.gradientNorm),
      slopes: summary(known(found.map((one) => one.slope))),
    };
  });
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function reaching(runs: readonly ComparedRun[], accuracy: number): Reaching {
  const arrivals = runs.flatMap(({ epochs }) => {
    const at = epochs.findIndex(({ validationAccuracy: reached }) => (reached ?? -1) >= accuracy);
    return at < 0 ? [] : [{ epochs: at + 1, seconds: epochs[at]!.seconds }];
  });
  return {
    accuracy,
    reached: arrivals.length,
    epochs: summary(arrivals.map((arrival) => arrival.epochs)),
    seconds: summary(arrivals.map((arrival) => arrival.seconds)),
  };
}

/** Below this the differences are equal but for rounding: accuracies are counts over at most millions. */
const equalWithin = 1e-12;

function pairOf(
  a: string,
  runsA: readonly ComparedRun[],
  b: string,
  runsB: readonly ComparedRun[],
): ComparedPair {
  const ofA = accuracyBySeed(a, runsA);
  const ofB = accuracyBySeed(b, runsB);
  const seeds = [...ofA.keys()].filter((seed) => ofB.has(seed)).sort((x, y) => x - y);
  const differences = summary(seeds.map((seed) => ofA.get(seed)! - ofB.get(seed)!));
  const varies = differences !== null && differences.max - differences.min > equalWithin;
  const half = varies ? halfWidth(differences, seeds.length) : null;
  const difference = differences && differences.mean;
  return {
    a,
    b,
    seeds,
    difference,
    ci95: difference === null || half === null ? null : [difference - half, difference + half],
    text: sentence(networkActivationTitle(a), networkActivationTitle(b), seeds, difference, half),
  };
}

function accuracyBySeed(activation: string, runs: readonly ComparedRun[]): Map<number, number> {
  const bySeed = new Map<number, number>();
  for (const { seed, testAccuracy } of runs) {
    if (testAccuracy === null) continue;
    // Two runs of one seed are the same run twice: counting both would feign certainty.
    if (bySeed.has(seed)) throw new RangeError(`two runs of ${activation} with seed ${seed}`);
    bySeed.set(seed, testAccuracy);
  }
  return bySeed;
}

/** t·s/√n */
function halfWidth({ sd }: Summary, n: number): number | null {
  return sd === null ? null : (studentT(0.95, n - 1) * sd) / Math.sqrt(n);
}

/** At most what the numbers carry. @param difference of a − b */
function sentence(
  a: string,
  b: string,
  seeds: readonly number[],
  difference: number | null,
  half: number | null,
): string {
  if (difference === null) return `${a} and ${b} have no seed in common, so they are not compared.`;
  const [better, worse] = difference >= 0 ? [a, b] : [b, a];
  const gap = Math.abs(difference);
  const isSame = gap <= equalWithin;
  const n = seeds.length;
  if (n === 1)
    return isSame
      ? `One run each of ${a} and ${b} proves nothing: they came out equal at seed ${seeds[0]!}.`
      : `One run each of ${a} and ${b} proves nothing: ${better} was ${points(gap, null)} ahead at seed ${seeds[0]!}.`;
  if (half === null)
    return isSame
      ? `${a} and ${b} came out equal at each of ${n} seeds.`
      : `${better} was ${points(gap, null)} ahead of ${worse} at each of ${n} seeds; differences that do not vary allow no interval.`;
  if (gap > half) return `${better} beats ${worse} by ${points(gap, half)} over ${n} seeds.`;
  return `No difference between ${a} and ${b} can be told apart from chance over ${n} seeds (${points(gap, half)}).`;
}

/**
 * Percentage points with two decimals, or as many more as it takes for the digits shown not to say otherwise
 * than the numbers: 0.004 ± 0.003 is not "0.00 ± 0.00".
 */
function points(gap: number, half: number | null): string {
  const shown = (value: number, decimals: number) => (100 * value).toFixed(decimals);
  const tells = (decimals: number) => {
    const shownGap = Number(shown(gap, decimals));
    if (half === null) return shownGap > 0;
    const shownHalf = Number(shown(half, decimals));
    return shownHalf > 0 && shownGap > shownHalf === gap > half;
  };
  let decimals = 2;
  while (decimals < 8 && !tells(decimals)) decimals++;
  const text = half === null ? '' : ` ± ${shown(half, decimals)}`;
  return `${shown(gap, decimals)}${text} points`;
}

function cautionOf(pairs: number): string | null {
  if (pairs < 2) return null;
  return `Each of the ${pairs} pairs is judged on its own at 95 %: where nothing differs, about one pair in 20 still seems to.`;
}
