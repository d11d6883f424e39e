/** @file Filters as the sidebar edits them. */
import { expect, it } from 'vitest';
import {
  isFiltered,
  sameFilter,
  withConfidence,
  withFlag,
  withKnownClasses,
  withOnly,
  withPredictions,
  withText,
  withToggled,
} from './filters.ts';

it('an emptied condition is no condition', () => {
  const one = withToggled({}, 'classes', 3);
  expect(one).toEqual({ classes: [3] });
  expect(withToggled(one, 'classes', 3)).toEqual({});
  expect(withText({ text: 'a' }, '  ')).toEqual({});
  expect(withFlag({ flagged: true }, 'flagged', false)).toEqual({});
});

it('conditions stand beside each other', () => {
  const filter = withText(
    withFlag(withToggled({ parts: ['test'] }, 'parts', 'none'), 'duplicate', true),
    ' x ',
  );
  expect(filter).toEqual({ parts: ['test', 'none'], duplicate: true, text: 'x' });
  expect(isFiltered(filter)).toBe(true);
});

it('one value alone, and none when it is chosen again', () => {
  const only = withOnly({ classes: [1, 2] }, 'classes', 2);
  expect(only).toEqual({ classes: [2] });
  expect(withOnly(only, 'classes', 2)).toEqual({});
});

it('forgets classes that are gone, and keeps unlabeled', () => {
  expect(withKnownClasses({ classes: [0, 4, 9] }, [4])).toEqual({ classes: [0, 4] });
  expect(withKnownClasses({ classes: [9], text: 'a' }, [4])).toEqual({ text: 'a' });
});

it('the order of values does not matter', () => {
  expect(sameFilter({ classes: [1, 12], text: 'a' }, { text: 'a', classes: [12, 1] })).toBe(true);
  expect(sameFilter({ classes: [1] }, { classes: [1, 2] })).toBe(false);
});

it('conditions on predictions hold while a run predicts, and a run alone leaves nothing out', () => {
  const filter = withConfidence(withToggled({ wrong: true }, 'predicted', 3), {
    min: 0.9,
    max: 0.5,
  });
  expect(filter).toEqual({ wrong: true, predicted: [3], confidence: { min: 0.5, max: 0.9 } });
  expect(withPredictions(filter, 'e1')).toEqual({ ...filter, evaluation: 'e1' });
  expect(withPredictions({ ...filter, flagged: true }, null)).toEqual({ flagged: true });
  expect(isFiltered({ evaluation: 'e1' })).toBe(false);
  expect(withConfidence(filter, { min: 0, max: 1 })).not.toHaveProperty('confidence');
  expect(withKnownClasses({ predicted: [3, 4], classes: [9] }, [4])).toEqual({ predicted: [4] });
});
