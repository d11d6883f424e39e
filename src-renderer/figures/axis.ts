/** @file The parts that row plots share: a scale along the bottom, names to the left, what lies outside. */
import { clippedText, fontSize, textWidth, type Mark } from './figure.ts';
import { tickText, type Scale } from './scale.ts';

export const rowHeight = 28;
export const axisHeight = 44;

/** Names take as much as they need, up to two fifths of the figure. */
export const nameWidth = (names: readonly string[], width: number): number =>
  Math.min(width * 0.4, Math.max(...names.map(textWidth)) + 16);

export function nameMark(name: string, right: number, y: number): Mark {
  const text = clippedText(name, right - 12);
  return {
    kind: 'text',
    x: right - 12,
    y: y + fontSize * 0.35,
    text,
    anchor: 'end',
    ink: 'text',
    ...(text === name ? {} : { title: name }),
  };
}

/** Upright lines at the ticks, their values below, and what is measured. */
export function bottomAxis(scale: Scale, top: number, bottom: number, caption: string): Mark[] {
  const ticks = scale.ticks.flatMap((tick): Mark[] => [
    {
      kind: 'line',
      x1: scale.at(tick),
      x2: scale.at(tick),
      y1: top,
      y2: bottom,
      ink: 'grid',
      width: 1,
    },
    {
      kind: 'text',
      x: scale.at(tick),
      y: bottom + 16,
      text: tickText(scale, tick),
      anchor: 'middle',
      ink: 'secondary',
    },
  ]);
  const middle = (scale.at(scale.low) + scale.at(scale.high)) / 2;
  return [
    ...ticks,
    { kind: 'text', x: middle, y: bottom + 34, text: caption, anchor: 'middle', ink: 'secondary' },
  ];
}

/**
 * Where most values lie, when a few lie far away; null when all fit one axis. Tukey's fences, three quartile
 * distances out: what is beyond them would press the rest together.
 */
export function closeRange(values: readonly number[]): { low: number; high: number } | null {
  const sorted = values.filter(Number.isFinite).toSorted((x, y) => x - y);
  if (sorted.length < 4) return null;
  const quartile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [q1, q3] = [quartile(0.25), quartile(0.75)];
  if (q3 === q1) return null;
  const inside = sorted.filter((x) => x >= q1 - 3 * (q3 - q1) && x <= q3 + 3 * (q3 - q1));
  if (inside.length === sorted.length) return null;
  return { low: inside[0] ?? q1, high: inside.at(-1) ?? q3 };
}
