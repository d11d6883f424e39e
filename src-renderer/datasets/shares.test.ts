/** @file However the sliders are moved, the shares add up. */
import { expect, it } from 'vitest';
import { partNames, usualShares, withShare } from './shares.ts';

it('adds up to 100 after any move of any slider', () => {
  let shares = usualShares;
  for (let move = 0; move < 500; move++) {
    const part = partNames[move % 3] ?? 'train';
    shares = withShare(shares, part, (move * 37) % 101);
    expect(shares.train + shares.validation + shares.test).toBe(100);
    expect(Math.min(shares.train, shares.validation, shares.test)).toBeGreaterThanOrEqual(0);
  }
});

it('takes from the others in proportion', () => {
  expect(withShare({ train: 60, validation: 30, test: 10 }, 'train', 80)).toEqual({
    train: 80,
    validation: 15,
    test: 5,
  });
  expect(withShare({ train: 100, validation: 0, test: 0 }, 'train', 50)).toEqual({
    train: 50,
    validation: 25,
    test: 25,
  });
});
