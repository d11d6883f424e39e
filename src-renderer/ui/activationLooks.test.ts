/** @file Every activation can be told from the others, and from the page behind it. */
import { expect, test } from 'vitest';
import { activationNames } from '../../src-core/model/activations.ts';
import { activationLook, activationLooks } from './activationLooks.ts';

const pages = { light: '#f8f9fb', dark: '#1c1f26' } as const;

test('every activation of the engine has a look of its own', () => {
  expect(Object.keys(activationLooks).toSorted()).toEqual([...activationNames].toSorted());
  for (const theme of ['light', 'dark'] as const) {
    const looks = activationNames.map((name) => activationLook(name)[theme]);
    expect(new Set(looks).size).toBe(looks.length);
  }
});

test.each(Object.keys(activationLooks))('%s has a contrast of 3 : 1 in both themes', (name) => {
  for (const theme of ['light', 'dark'] as const)
    expect(contrast(activationLook(name)[theme], pages[theme])).toBeGreaterThanOrEqual(3);
});

test('a constant changes the dash and keeps the color', () => {
  expect(activationLook('swish:2')).toMatchObject({ light: activationLook('swish').light });
  expect(activationLook('swish:2').dash).not.toEqual(activationLook('swish').dash);
  expect(activationLook('swish:2').dash).not.toEqual(activationLook('swish:3').dash);
});

/** As WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const [x = 0, y = 0] = [luminance(a), luminance(b)].toSorted((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
