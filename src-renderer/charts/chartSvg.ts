/** @file A chart as SVG, on white: in the same places as on the page, with title and legend. */
import { escaped } from '../figures/figureFile.ts';
import type { ChartLine } from './chartLine.ts';
import { crossSide, paintLines, type Axes, type Pen, type Stroke } from './paint.ts';

/** Where a value stands beside its axis, in pixels. */
export type Tick = { readonly at: number; readonly text: string };

/** A chart as it is laid out on the page. */
export type ChartLayout = {
  readonly width: number;
  readonly height: number;
  /** Between the axes. */
  readonly area: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  readonly axes: Axes;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
};

export type ChartText = {
  readonly title: string;
  readonly xTitle: string;
  /** Below the legend: how the lines came about. */
  readonly note: string;
  readonly legend: readonly { readonly text: string; readonly line: ChartLine }[];
};

const titleHeight = 32;
const legendRow = 20;
const swatchWidth = 28;
const noteRow = 16;
/** Of a letter, about: figures are laid out without a page. */
const letterWidth = 5.6;
const margin = 12;
/** Of the light theme. */
const [ink, faintInk, gridInk] = ['#1b1f27', '#5b6472', '#d9dde4'];

export function chartSvg(
  layout: ChartLayout,
  lines: readonly ChartLine[],
  words: ChartText,
): { readonly svg: string; readonly width: number; readonly height: number } {
  const { width, area } = layout;
  const note = wrapped(words.note, width - 2 * margin);
  const height =
    titleHeight + layout.height + words.legend.length * legendRow + note.length * noteRow + margin;
  const { left, right, top, bottom } = area;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="11">`,
    `<title>${escaped(words.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<clipPath id="area"><rect x="${n(left)}" y="${n(top)}" width="${n(right - left)}" height="${n(bottom - top)}"/></clipPath>`,
    text(margin, 20, words.title, { size: 14, color: ink, isBold: true }),
    `<g transform="translate(0 ${titleHeight})">`,
    ...gridSvg(layout),
    `<g clip-path="url(#area)" fill="none" stroke-linejoin="round">`,
    ...linesSvg(lines, layout.axes),
    '</g>',
    text((left + right) / 2, layout.height - 4, words.xTitle, { anchor: 'middle' }),
    '</g>',
    ...words.legend.map((entry, i) =>
      legendSvg(entry, titleHeight + layout.height + i * legendRow + legendRow / 2),
    ),
    ...note.map((each, i) =>
      text(margin, height - margin - (note.length - 1 - i) * noteRow, each, {}),
    ),
    '</svg>',
    '',
  ];
  return { svg: parts.join('\n'), width, height };
}

function gridSvg({ area: { left, right, top, bottom }, xTicks, yTicks }: ChartLayout): string[] {
  const rule = (x1: number, y1: number, x2: number, y2: number): string =>
    `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${gridInk}"/>`;
  return [
    ...xTicks.flatMap((tick) => [
      rule(tick.at, top, tick.at, bottom),
      text(tick.at, bottom + 16, tick.text, { anchor: 'middle' }),
    ]),
    ...yTicks.flatMap((tick) => [
      rule(left, tick.at, right, tick.at),
      text(left - 8, tick.at + 4, tick.text, { anchor: 'end' }),
    ]),
  ];
}

function linesSvg(lines: readonly ChartLine[], axes: Axes): string[] {
  const parts: string[] = [];
  const pen: Pen = {
    hairline: 1,
    line: (points, stroke) => parts.push(`<path d="${pathOf(points)}"${strokeSvg(stroke)}/>`),
    area: (points, color, opacity) =>
      parts.push(`<path d="${pathOf(points)}Z" fill="${color}" fill-opacity="${opacity}"/>`),
    dot: (x, y, radius, { color, opacity }) =>
      parts.push(
        `<circle cx="${n(x)}" cy="${n(y)}" r="${radius}" fill="${color}" fill-opacity="${opacity}"/>`,
      ),
    cross: (x, y, color) =>
      parts.push(
        `<path d="${[-1, 1].map((turn) => `M${n(x - crossSide)} ${n(y - turn * crossSide)}L${n(x + crossSide)} ${n(y + turn * crossSide)}`).join('')}" stroke="${color}" stroke-width="2"/>`,
      ),
  };
  paintLines(pen, lines, axes, 'light');
  return parts;
}

function legendSvg({ text: words, line }: ChartText['legend'][number], y: number): string {
  const { color, dash, width } = line;
  const stroke = strokeSvg({ color: color.light, dash, width, opacity: 1 });
  return `<path d="M${margin} ${y}h${swatchWidth}"${stroke} fill="none"/>${text(margin + swatchWidth + 8, y + 4, words, { color: ink })}`;
}

const strokeSvg = ({ color, width, opacity, dash }: Stroke): string =>
  ` stroke="${color}" stroke-width="${width}"` +
  (opacity < 1 ? ` stroke-opacity="${n(opacity)}"` : '') +
  (dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : '');

/** In lines of about so many pixels. */
function wrapped(words: string, width: number): readonly string[] {
  const most = Math.floor(width / letterWidth);
  const lines: string[] = [];
  for (const word of words.split(' ').filter(Boolean)) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim();
    if (lines.length > 0 && longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

type TextLook = { anchor?: 'middle' | 'end'; size?: number; color?: string; isBold?: boolean };

const text = (x: number, y: number, words: string, look: TextLook): string =>
  `<text x="${n(x)}" y="${n(y)}" fill="${look.color ?? faintInk}"` +
  (look.anchor ? ` text-anchor="${look.anchor}"` : '') +
  (look.size ? ` font-size="${look.size}"` : '') +
  (look.isBold ? ' font-weight="600"' : '') +
  `>${escaped(words)}</text>`;

function pathOf(points: readonly number[]): string {
  let path = `M${n(points[0]!)} ${n(points[1]!)}`;
  for (let i = 2; i < points.length; i += 2) path += `L${n(points[i]!)} ${n(points[i + 1]!)}`;
  return path;
}

const n = (value: number): string => String(Number(value.toFixed(2)));
