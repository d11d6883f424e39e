/** @file What of a plan works but may surprise: a table of rules over the same facts as those of `planProblems.ts`. */
import type { TrainPlan } from '../contract/training.ts';
import { warningsFor } from '../training/warnings.ts';
import type { Facts, Note } from './planProblems.ts';

type Rule = (facts: Facts) => readonly Note[];

const rules: readonly Rule[] = [
  fewImages,
  missingParts,
  limitWithoutEffect,
  wideBatch,
  trainingWarnings,
  endlessWarmUp,
];

export const warningsOf = (facts: Facts): Note[] => rules.flatMap((rule) => rule(facts));

/** Fewer than this are seldom enough to tell a class by. */
const classImagesFew = 10;
/** More names than this are not read. */
const namesMax = 5;

function fewImages({ forecast, plan: { limit } }: Facts): Note[] {
  const { classes, trainByClass, images } = forecast;
  const share = Math.min(1, (limit ?? Infinity) / Math.max(1, images.train));
  const few = classes.flatMap((name, i) => {
    const count = Math.round(trainByClass[i]! * share);
    return count < classImagesFew ? [`${name} (${count})`] : [];
  });
  if (few.length === 0 || images.train === 0) return [];
  const more = few.length > namesMax ? ` and ${few.length - namesMax} more` : '';
  const names = few.slice(0, namesMax).join(', ');
  return [
    {
      field: 'dataset',
      message: `Classes with fewer than ${classImagesFew} training images are hard to learn: ${names}${more}.`,
    },
  ];
}

function missingParts({ forecast: { images }, train }: Facts): Note[] {
  if (train === 0) return [];
  const absent: Note[] = [];
  if (images.validation === 0)
    absent.push({
      field: 'dataset',
      message: 'There are no validation images, so no epoch can be told to be the best.',
    });
  if (images.test === 0)
    absent.push({
      field: 'dataset',
      message: 'There are no test images, so there will be no test accuracy.',
    });
  return absent;
}

function limitWithoutEffect({ plan: { limit }, forecast: { images } }: Facts): Note[] {
  if (limit === null || limit <= images.train || images.train === 0) return [];
  return [{ field: 'limit', message: `There are only ${images.train} training images.` }];
}

function wideBatch({ plan: { options }, train }: Facts): Note[] {
  const isWhole = options.optimizer.kind === 'gradient-descent';
  if (isWhole || options.batchSize <= train || train === 0) return [];
  const message = `There are only ${train} training images: every step takes all of them.`;
  return [{ field: 'options.batchSize', message }];
}

/** What the trainer would say at the start of each run, once. */
function trainingWarnings({ plan, forecast, variants }: Facts): Note[] {
  const notes = variants.flatMap(({ network }, i) =>
    network
      ? warningsFor(network, plan.options, forecast.images.validation > 0).map(
          ({ code, message }): Note => ({ field: warningField(code, plan, i), message }),
        )
      : [],
  );
  return notes.filter(
    (note, i) =>
      notes.findIndex((one) => one.field === note.field && one.message === note.message) === i,
  );
}

function warningField(code: string, { activations }: TrainPlan, variant: number): string {
  if (code === 'early-stopping-blind') return 'options.earlyStopping';
  return activations.length > 0 ? `activations.${variant}` : 'layers';
}

function endlessWarmUp({ plan: { options } }: Facts): Note[] {
  if (options.warmUpEpochs < options.epochs) return [];
  const message = 'The learning rate is still rising when the run ends.';
  return [{ field: 'options.warmUpEpochs', message }];
}
