/** @file Everything measured of a run, as plain data: what a report is made of, and what its JSON holds. */

/** A number as JSON can hold it: what is not finite is a word. */
export type Figure = number | 'NaN' | 'Infinity' | '-Infinity';
export type Score = { readonly loss: Figure; readonly accuracy: Figure };

export type EpochData = {
  readonly epoch: number;
  readonly step: number;
  readonly seconds: Figure;
  readonly learningRate: Figure;
  readonly train: Score;
  readonly validation: Score | null;
  readonly samplesPerSecond: Figure;
  readonly layers: readonly LayerData[];
};

export type LayerData = {
  readonly layer: string;
  readonly activation: string;
  readonly gradientNorm: Figure;
  readonly deadShare: Figure;
  readonly saturatedShare: Figure;
  readonly activationMean: Figure;
  readonly activationSd: Figure;
};

export type ClassData = {
  readonly support: number;
  readonly predicted: number;
  readonly precision: Figure | null;
  readonly recall: Figure | null;
  readonly f1: Figure | null;
};

export type BinData = {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly confidence: Figure | null;
  readonly accuracy: Figure | null;
};

/** Of the run's answers to one part of its snapshot. */
export type EvaluationData = {
  readonly part: string;
  readonly samples: number;
  readonly accuracy: Figure | null;
  /** [K, K] counts: rows are labels, columns predictions. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassData[];
  readonly calibration: { readonly error: Figure | null; readonly bins: readonly BinData[] };
  /** The most confident first. */
  readonly mistakes: readonly MistakeData[];
};

export type MistakeData = {
  readonly image: string;
  readonly label: string;
  readonly predicted: string;
  readonly confidence: Figure;
};

export type ReportData = {
  readonly format: 'inkling-report-1';
  readonly run: string;
  /** What the user calls it. */
  readonly name: string | null;
  readonly classes: readonly string[];
  /** Names and values, as they are shown: what the run was, and what came of it. */
  readonly facts: readonly (readonly [string, string])[];
  readonly warnings: readonly string[];
  readonly spec: object;
  readonly options: object;
  readonly versions: Readonly<Record<string, string>>;
  readonly snapshot: object;
  readonly result: object;
  readonly epochs: readonly EpochData[];
  readonly evaluations: readonly EvaluationData[];
};

/** Of every step, from `firstStep`: in the JSON alone. */
export type StepData = {
  readonly firstStep: number;
  readonly series: Readonly<Record<string, readonly Figure[]>>;
};

/** As the report shows it: dots for what is not there. */
export function shown(value: Figure | null, digits = 4): string {
  if (value === null) return '–';
  return typeof value === 'number' ? String(Number(value.toPrecision(digits))) : value;
}

export function percent(value: Figure | null): string {
  return typeof value === 'number' ? `${(100 * value).toFixed(2)} %` : shown(value);
}
