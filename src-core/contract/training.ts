/**
 * @file What pages and the core say to each other about training, runs and comparisons. Part of the contract:
 * limits stand here, and what does not fit is refused before anything is done with it.
 */
import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { AugmentationSpec, ImageShape, LayerSpec, ModelSpec, TrainOptions } from '../model/spec.ts';

export type { AugmentationSpec, ImageShape, LayerSpec, TrainOptions } from '../model/spec.ts';

const Id = z.int().min(1);
const Count = z.int().min(0);

/** `r1`, `r2`, …: never used twice. */
export const RunName = z.string().regex(/^r[1-9]\d{0,14}$/);
export type RunName = z.infer<typeof RunName>;
/** Most runs in one call: a chart of more lines cannot be read. */
export const runsMax = 500;
const RunNames = z.array(RunName).min(1).max(runsMax);

/** A measured figure. JSON has no NaN and no infinity, and both must be seen: they travel as words; `Number` reads all. */
export const Measured = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
export type Measured = z.infer<typeof Measured>;
const Score = z.object({ loss: Measured, accuracy: Measured });

/** `relu`, or with its constant `swish:2`: what is compared as one thing, and has one color. */
const ActivationLabel = z.string().min(1).max(40);

/** A curve of values over x, the same number of each. */
const Curve = z.object({ x: z.array(z.number()), y: z.array(Measured) });
export type Curve = z.infer<typeof Curve>;

/** What can be chosen, with the words that explain it. All of it comes from the tables the engine uses. */
export const Catalog = z.object({
  presets: z.array(z.object({ name: z.string(), title: z.string(), purpose: z.string() })),
  activations: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      sentence: z.string(),
      /** When to use it, in a sentence. */
      use: z.string(),
      /** The constant it can be given: its name in the spec, usual value and limits; null: none. */
      constant: z
        .object({
          field: z.string(),
          title: z.string(),
          usual: z.number(),
          min: z.number(),
          max: z.number(),
        })
        .nullable(),
      /** f and f′ over −5 … 5, computed by the engine's own graph. */
      f: Curve,
      slope: Curve,
    }),
  ),
  layers: z.array(
    z.object({ kind: z.string(), title: z.string(), sentence: z.string(), usual: LayerSpec }),
  ),
  optimizers: z.array(
    z.object({
      kind: z.string(),
      title: z.string(),
      sentence: z.string(),
      learningRate: z.number(),
      usual: TrainOptions.shape.optimizer,
    }),
  ),
  schedules: z.array(
    z.object({
      kind: z.string(),
      title: z.string(),
      sentence: z.string(),
      usual: TrainOptions.shape.schedule,
    }),
  ),
  losses: z.array(z.object({ kind: z.string(), title: z.string(), sentence: z.string() })),
  augmentations: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      sentence: z.string(),
      usual: AugmentationSpec.nullable(),
    }),
  ),
});
export type Catalog = z.infer<typeof Catalog>;

/** Everything of one run, or of a comparison: n activations × m seeds runs. */
export const TrainPlan = z.object({
  dataset: Id,
  /** The preset it began as; null: a network of the user's own. */
  preset: z.string().max(40).nullable(),
  /** `input` null: the size of the dataset's images decides. Classes are the dataset's. */
  input: ImageShape.nullable(),
  layers: z.array(LayerSpec).max(64),
  output: ModelSpec.shape.output,
  initializer: ModelSpec.shape.initializer,
  options: TrainOptions,
  /** Each replaces the activation of every hidden layer; none: the layers' own. */
  activations: z.array(ActivationLabel).max(32),
  seeds: z.array(z.int().min(0).max(2_147_483_647)).min(1).max(100),
  engine: z.string().max(40),
  device: z.string().max(40),
  /** Training images to use at most. */
  limit: z.int().min(1).nullable(),
});
export type TrainPlan = z.infer<typeof TrainPlan>;

/** A setting that cannot work, and why. `field` is a path into the plan: `layers.2.kernel`, `options.epochs`. */
const PlanProblem = z.object({ field: z.string(), message: z.string() });

const PlanLayer = z.object({
  /** As parameters and health name it: `conv1`. */
  name: z.string(),
  /** Its index in the list it stands in; null: the plan does not list it, as the classifying layer. */
  index: Count.nullable(),
  kind: z.string(),
  /** In words: `conv 32 3×3, ReLU`. */
  title: z.string(),
  /** [channels, height, width] or [units]. */
  output: z.array(Count),
  parameters: Count,
});
export type PlanLayer = z.infer<typeof PlanLayer>;

/** What a plan amounts to. */
export const PlanReport = z.object({
  /** None: it can be started. */
  problems: z.array(PlanProblem),
  /** What works but may surprise: one class has three images, the binary step learns nothing. */
  warnings: z.array(PlanProblem),
  images: z.object({ train: Count, validation: Count, test: Count, unlabeled: Count }),
  input: ImageShape,
  /** Null where the layers do not fit each other. In order, the classifying layer last. */
  network: z
    .object({
      layers: z.array(
        PlanLayer.extend({
          /** Of a residual block, whose parameters are theirs as well: its layers, then the way past it, if it needs one. */
          inner: z.array(PlanLayer),
        }),
      ),
      parameters: Count,
    })
    .nullable(),
  runs: Count,
  stepsPerRun: Count,
  /** Learning rate over the run, x in epochs. */
  schedule: Curve,
  /** Of all runs, one after the other; null: nothing like it has been measured on this computer. */
  seconds: z.number().nullable(),
});
export type PlanReport = z.infer<typeof PlanReport>;

export const RunStatus = z.enum([
  'queued',
  'running',
  'paused',
  'interrupted',
  'stopped',
  'finished',
  'failed',
]);
export type RunStatus = z.infer<typeof RunStatus>;

/** A line of the table of runs, kept current by events. */
export const RunInfo = z.object({
  run: RunName,
  /** What the user calls it; as made: `ReLU · seed 1`. */
  name: z.string(),
  createdAt: z.number(),
  status: RunStatus,
  /** Place in the queue from 1; null: not queued. */
  place: Count.nullable(),
  /** Nothing was heard of its process for a while. */
  isStalled: z.boolean(),
  problem: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  dataset: z.object({ id: Id, name: z.string() }).nullable(),
  snapshot: z.string(),
  preset: z.string().nullable(),
  /** `Dense 128-64`, or in words what it consists of. */
  network: z.string(),
  activation: ActivationLabel,
  /** `Swish 2`. */
  activationTitle: z.string(),
  seed: z.int(),
  /** Runs started together have the same; null: started alone. */
  comparison: z.string().nullable(),
  parameters: Count.nullable(),
  batchSize: Count,
  optimizer: z.string(),
  learningRate: z.number(),
  engine: z.string(),
  device: z.string(),
  threads: Count,
  /** Done and asked for. */
  epoch: Count,
  epochs: Count,
  step: Count,
  stepsPerEpoch: Count.nullable(),
  /** Of the last finished epoch, and the best so far. */
  lastTrain: Score.nullable(),
  lastValidation: Score.nullable(),
  bestValidationAccuracy: Measured.nullable(),
  bestEpoch: Count.nullable(),
  /** Null until it has finished, or without test images. */
  test: Score.nullable(),
  /** Spent training, pauses excluded. */
  seconds: z.number(),
  samplesPerSecond: Measured.nullable(),
  secondsLeft: z.number().nullable(),
  parametersHash: z.string().nullable(),
  /** Of a run that repeats another: whether the parameters came out identical; null: not known yet. */
  repeats: z.object({ run: RunName, identical: z.boolean().nullable() }).nullable(),
  /** The run it follows with the same plan on a newer snapshot; continued: from that run's parameters. */
  follows: z.object({ run: RunName, isContinued: z.boolean() }).nullable(),
  /** What it was called where it was trained, of a run that came in a capsule; null: it was trained here. */
  cameFrom: z.string().nullable(),
});
export type RunInfo = z.infer<typeof RunInfo>;

const Slopes = z.object({ mean: Measured, min: Measured, max: Measured });

const Health = z.object({
  layer: z.string(),
  activation: z.string(),
  gradientNorm: Measured,
  deadShare: Measured,
  saturatedShare: Measured,
  activationMean: Measured,
  activationSd: Measured,
  slopes: Slopes.nullable(),
});
export type Health = z.infer<typeof Health>;

/** What one epoch measured. */
export const EpochRow = z.object({
  /** From 1. */
  epoch: Count,
  /** Its last step. */
  step: Count,
  /** From the start of the run to its end, pauses excluded. */
  seconds: Measured,
  learningRate: Measured,
  train: Score,
  validation: Score.nullable(),
  samplesPerSecond: Measured,
  layers: z.array(Health),
});
export type EpochRow = z.infer<typeof EpochRow>;

/** Everything that is known of one run; what has to be the same for the same parameters to come out. */
export const Capsule = z.object({
  run: RunName,
  snapshot: z.object({
    hash: z.string(),
    dataset: z.string().nullable(),
    classes: z.array(z.string()),
    images: z.object({ train: Count, validation: Count, test: Count }),
    /** Training images to use at most; null: all there were. */
    limit: Count.nullable(),
  }),
  spec: ModelSpec,
  options: TrainOptions,
  engine: z.string(),
  device: z.string(),
  versions: z.record(z.string(), z.string()),
  /** Where its first parameters come from; null: initial values of its seed. The run may have been removed since. */
  start: z.object({ run: RunName.nullable(), epoch: Count, parametersHash: z.string() }).nullable(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  parametersHash: z.string().nullable(),
  kept: z.object({ epoch: Count, isBest: z.boolean(), isAveraged: z.boolean() }).nullable(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
});
export type Capsule = z.infer<typeof Capsule>;

/** New steps of a run, as they were measured. After a gap (the page read too slowly) the series are to be read again. */
export const LiveSteps = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('steps'),
    run: RunName,
    firstStep: Count,
    count: Count,
    /**
     * Loss, accuracy and the seconds since the start of the run without pauses: one after the other, `count` float32
     * each, little-endian, in base64.
     */
    packed: z.base64(),
  }),
  z.object({ kind: z.literal('epoch'), run: RunName, row: EpochRow }),
  z.object({ kind: z.literal('gap'), run: RunName }),
  /** The run went back to an earlier step (resumed from a checkpoint): what came after it is void. */
  z.object({ kind: z.literal('rewound'), run: RunName, step: Count }),
]);
export type LiveSteps = z.infer<typeof LiveSteps>;

/** Mean, sample standard deviation (null for one value), and extremes of n values. */
const Summary = z.object({
  n: Count,
  mean: Measured,
  sd: Measured.nullable(),
  min: Measured,
  max: Measured,
});
export type Summary = z.infer<typeof Summary>;

export const ComparisonGroup = z.object({
  activation: ActivationLabel,
  title: z.string(),
  runs: z.array(RunName),
  testAccuracy: Summary.nullable(),
  validationAccuracy: Summary.nullable(),
  seconds: Summary.nullable(),
  samplesPerSecond: Summary.nullable(),
  /** Of the runs that reached the chosen validation accuracy. */
  reaching: z.object({
    accuracy: z.number(),
    reached: Count,
    epochs: Summary.nullable(),
    seconds: Summary.nullable(),
  }),
  /** At the end of the kept epoch, the means over runs; layers in order. */
  health: z.array(
    z.object({
      layer: z.string(),
      deadShare: Summary,
      saturatedShare: Summary,
      gradientNorm: Summary,
      slopes: Summary.nullable(),
    }),
  ),
});
export type ComparisonGroup = z.infer<typeof ComparisonGroup>;

export const ComparisonPair = z.object({
  a: ActivationLabel,
  b: ActivationLabel,
  seeds: z.array(z.int()),
  /** Mean of a − b in test accuracy. */
  difference: z.number().nullable(),
  ci95: z.tuple([z.number(), z.number()]).nullable(),
  /** Never more than the numbers carry. */
  text: z.string(),
});
export type ComparisonPair = z.infer<typeof ComparisonPair>;

/** Two runs on the same test images (McNemar, 1947; exact binomial). */
export const McNemar = z.object({
  a: RunName,
  b: RunName,
  bothRight: Count,
  onlyA: Count,
  onlyB: Count,
  bothWrong: Count,
  p: z.number(),
  text: z.string(),
});
export type McNemar = z.infer<typeof McNemar>;

export const Comparison = z.object({
  groups: z.array(ComparisonGroup),
  pairs: z.array(ComparisonPair),
  caution: z.string().nullable(),
  /** How the figures came about: n, seeds, split, epochs, engine. For a paper. */
  methods: z.string(),
  /** What makes the comparison unfair or incomplete: other snapshots, other layers, runs that are not finished. */
  warnings: z.array(z.string()),
  /** For every pair of runs where there are exactly two, else none. */
  mcNemar: McNemar.nullable(),
});
export type Comparison = z.infer<typeof Comparison>;

export const comparisonFormats = ['markdown', 'latex', 'csv'] as const;

const compared = z.object({
  runs: RunNames,
  /** Validation accuracy whose epochs and seconds are counted. */
  target: z.number().gt(0).max(1),
});
const run = z.object({ run: RunName });

export const training = {
  catalog: oc.output(Catalog),
  /** The curves of activations with constants of their own, over the same x as those of the catalog. */
  curves: oc
    .input(z.object({ activations: z.array(ActivationLabel).min(1).max(32) }))
    .output(z.array(z.object({ activation: ActivationLabel, f: Curve, slope: Curve }))),
  /** A preset with its usual options, for this dataset. */
  defaults: oc.input(z.object({ dataset: Id, preset: z.string().max(40) })).output(TrainPlan),
  /** Judges a plan without starting it. */
  check: oc.input(TrainPlan).output(PlanReport),
  /** Trains a few steps of the plan in a process of its own, to tell how long it will take. Seconds of all runs. */
  calibrate: oc.input(TrainPlan).output(z.object({ seconds: z.number(), stepMs: z.number() })),
  devices: oc.output(
    z.array(
      z.object({
        engine: z.string(),
        device: z.string(),
        label: z.string(),
        isAvailable: z.boolean(),
        reason: z.string().nullable(),
      }),
    ),
  ),
  /** Stores and queues all runs of the plan, or none. */
  start: oc
    .input(TrainPlan)
    .output(z.object({ runs: z.array(RunName), comparison: z.string().nullable() })),
};

export const runs = {
  list: oc.output(z.array(RunInfo)),
  capsule: oc.input(run).output(Capsule),
  epochs: oc
    .input(z.object({ runs: RunNames }))
    .output(z.array(z.object({ run: RunName, epochs: z.array(EpochRow) }))),
  /** What runs measure from this call on: of one run at a time, in order. */
  live: oc.output(eventIterator(z.array(LiveSteps))),
  rename: oc.input(run.extend({ name: z.string().trim().min(1).max(120) })),
  pause: oc.input(run),
  /** Paused, stopped, interrupted or failed: goes on. Finished: `moreEpochs` of them. */
  resume: oc.input(run.extend({ moreEpochs: z.int().min(0).max(100_000) })),
  /** After its step, with a checkpoint. */
  stop: oc.input(run),
  /** At once. */
  cancel: oc.input(run),
  /** Only runs that are not on. Their checkpoints go with them. */
  remove: oc.input(z.object({ runs: RunNames })),
  /** The queued runs in their new order. */
  reorder: oc.input(z.object({ runs: RunNames })),
  /** The same snapshot, spec, options and seed once more. */
  again: oc.input(run).output(run),
  /**
   * The same network and options on the images and labels its dataset has now, as a new run. `kept`: from the
   * parameters this run kept (or has so far), with the optimizer begun anew; `initial`: from initial values.
   */
  follow: oc.input(run.extend({ from: z.enum(['initial', 'kept']) })).output(run),
  /** How many train at once. */
  concurrency: oc.output(z.object({ runs: z.int().min(1) })),
  setConcurrency: oc.input(z.object({ runs: z.int().min(1).max(16) })),
  compare: oc.input(compared).output(Comparison),
  /** The comparison as a file's text. */
  comparisonText: oc
    .input(compared.extend({ format: z.enum(comparisonFormats) }))
    .output(z.object({ name: z.string(), text: z.string() })),
};

/** Series of every step that pages can ask for. */
export const seriesNames = ['loss', 'accuracy', 'learningRate', 'seconds'] as const;
export type SeriesName = (typeof seriesNames)[number];
/** A longer series is thinned: every `stride` steps become one point, their mean. */
export const seriesPointsMax = 20_000;

/**
 * Binary beside the bridge, as `paths` of the contract.
 *
 * `series`: little-endian: uint32 number of runs; then for each run in the order asked for: uint32 its number (7 for
 *   r7), uint32 first step, uint32 stride, uint32 count, then count float32. Point i covers steps
 *   first + i·stride … first + (i+1)·stride − 1.
 *   `seconds` are from the start of the run, pauses excluded: steps add batch size ÷ samples a second each, and the
 *   end of an epoch sets the clock to what the epoch itself took, validation and checkpoints included.
 * `augmented`: training images of a dataset and what augmentation makes of them, little-endian: uint32 images,
 *   uint32 variants, uint32 channels, uint32 height, uint32 width, then images·(1 + variants) pictures uint8
 *   [C, H, W], each image followed by its variants. The specification is JSON.
 */
export const trainingPaths = {
  series: (names: readonly string[], series: SeriesName): string =>
    `/series?runs=${names.join(',')}&series=${series}`,
  augmented: (dataset: number, augmentation: string, seed: number, count: number): string =>
    `/augmented?dataset=${dataset}&options=${encodeURIComponent(augmentation)}&seed=${seed}&count=${count}`,
};
