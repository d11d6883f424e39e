/** @file One drawing of the network at work: edges, then columns of cells, then what is pointed at. */
import type { Column } from './columns.ts';
import {
  cssColor,
  divergingColor,
  divergingRaster,
  largestSize,
  pictureRaster,
  type Diverging,
  type Raster,
} from './diverging.ts';
import type { Edge } from './edges.ts';
import { cellBox, pointOf, type Box, type Cell, type Layout, type Placed } from './layout.ts';
import type { Tensors } from './tensors.ts';

export type FlowColors = {
  readonly text: string;
  readonly secondary: string;
  readonly border: string;
  readonly accent: string;
  readonly background: string;
  readonly sunken: string;
  readonly font: string;
  readonly values: Diverging;
};
/** The edges into a column, and the size that is drawn widest. */
export type EdgeSet = {
  readonly into: number;
  readonly edges: readonly Edge[];
  readonly max: number;
};
export type FlowScene = {
  readonly layout: Layout;
  readonly tensors: Tensors;
  readonly edges: readonly EdgeSet[];
  readonly classes: readonly string[];
  readonly label: number | null;
  readonly hovered: Cell | null;
  readonly chosen: Cell | null;
  /** px from the left that are scrolled away. */
  readonly left: number;
  readonly colors: FlowColors;
};
type Context = CanvasRenderingContext2D;

/** @param size  CSS px of the canvas */
export function drawFlow(
  context: Context,
  scene: FlowScene,
  { width, height, pixelRatio }: { width: number; height: number; pixelRatio: number },
): void {
  const { layout, left, edges, hovered } = scene;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.translate(-left, 0);
  for (const set of edges) drawEdges(context, scene, set, hovered === null ? 1 : 0.35);
  if (hovered) for (const set of edges) drawEdges(context, scene, touching(set, hovered), 1);
  for (const column of layout.columns) {
    const { x, width: wide } = column.box;
    if (x + wide + 100 < left || x - 100 > left + width) continue;
    drawHead(context, scene, column);
    drawCells(context, scene, column);
  }
  for (const [cell, line] of [
    [scene.chosen, 2.5],
    [hovered, 1.5],
  ] as const)
    if (cell) outline(context, scene, cell, line);
}

/** Edges that begin or end at a cell. */
function touching({ into, edges, max }: EdgeSet, cell: Cell): EdgeSet {
  const found = edges.filter(
    ({ from, to }) =>
      (cell.column === into && to === cell.unit) ||
      (cell.column === into - 1 && from === cell.unit),
  );
  return { into, edges: found, max };
}

const edgeWidthMax = 3.5;
const linesUsual = 60;
/** Fainter and thinner than this, an edge is not worth its line. */
const shareMin = 0.04;

function drawEdges(
  context: Context,
  { layout, colors }: FlowScene,
  { into, edges, max }: EdgeSet,
  strength: number,
): void {
  const [from, to] = [layout.columns[into - 1], layout.columns[into]];
  if (!from || !to || max === 0) return;
  // Many lines are drawn thinner, so that each can be followed.
  const thin = Math.min(1, Math.sqrt(linesUsual / edges.length));
  for (const edge of edges) {
    const share = Math.min(1, Math.abs(edge.value) / max);
    const start = pointOf(from, edge.from);
    const end = cellBox(to, edge.to);
    if (share < shareMin || !start || !end) continue;
    const x1 = from.kind === 'units' && from.perRow === 1 ? from.box.x + from.box.width : start[0];
    const x2 = to.kind === 'classes' ? end.x : end.x + 1;
    const y2 = end.y + end.height / 2;
    const bend = (x2 - x1) / 2;
    context.beginPath();
    context.moveTo(x1, start[1]);
    context.bezierCurveTo(x1 + bend, start[1], x2 - bend, y2, x2, y2);
    context.lineWidth = 0.5 + edgeWidthMax * thin * share;
    context.setLineDash(edge.value < 0 ? [5, 3] : []);
    context.globalAlpha = strength * (0.12 + 0.78 * share) * Math.sqrt(thin);
    context.strokeStyle = cssColor(edge.value < 0 ? colors.values.negative : edgeInk(edge, colors));
    context.stroke();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

const edgeInk = ({ value }: Edge, { values }: FlowColors) =>
  Number.isNaN(value) ? values.broken : values.positive;

function drawHead(context: Context, { colors }: FlowScene, { box, title, details }: Placed): void {
  const lines = [title, ...details.slice(0, 2)];
  const x = box.x + box.width / 2;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  lines.forEach((line, i) => {
    context.font = `${i === 0 ? '600 12px' : '11px'} ${colors.font}`;
    context.fillStyle = i === 0 ? colors.text : colors.secondary;
    context.fillText(line, x, 14 + 14 * i);
  });
}

function drawCells(context: Context, scene: FlowScene, column: Placed): void {
  const values = scene.tensors.get(column.tensor)?.data;
  if (!values) return;
  switch (column.kind) {
    case 'image':
      return drawImage(context, scene, column, values);
    case 'maps':
      return drawMaps(context, scene, column, values);
    case 'units':
      return drawUnits(context, scene, column, values);
    case 'classes':
      return drawClasses(context, scene, column, values);
    default:
      column.kind satisfies never;
  }
}

const pixelCanvas = document.createElement('canvas');

/** Enlarged, pixels stay pixels. */
export function paintRaster(context: Context, raster: Raster, box: Box): void {
  pixelCanvas.width = raster.width;
  pixelCanvas.height = raster.height;
  pixelCanvas
    .getContext('2d')
    ?.putImageData(new ImageData(raster.pixels, raster.width, raster.height), 0, 0);
  context.imageSmoothingEnabled = box.width < raster.width;
  context.drawImage(pixelCanvas, box.x, box.y, box.width, box.height);
}

/** [C, H, W] */
function shapeOf({ shape }: Column): readonly [number, number, number] {
  const [channels = 1, height = 1, width = 1] = shape;
  return [channels, height, width];
}

function drawImage(
  context: Context,
  { colors }: FlowScene,
  column: Placed,
  values: Float32Array,
): void {
  paintRaster(context, pictureRaster(values, shapeOf(column)), column.box);
  frame(context, colors, column.box);
}

function frame(context: Context, colors: FlowColors, { x, y, width, height }: Box): void {
  context.strokeStyle = colors.border;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

function drawMaps(
  context: Context,
  { colors }: FlowScene,
  column: Placed,
  values: Float32Array,
): void {
  const [maps, height, width] = shapeOf(column);
  const max = largestSize(values);
  for (let map = 0; map < maps; map++) {
    const box = cellBox(column, map);
    if (!box) continue;
    const raster = divergingRaster(
      values,
      [map * height * width, height, width],
      max,
      colors.values,
    );
    paintRaster(context, raster, box);
  }
}

/** Smaller cells have no room for marks. */
const markedMin = 13;
const namedCount = 3;

function drawUnits(
  context: Context,
  { colors }: FlowScene,
  column: Placed,
  values: Float32Array,
): void {
  const max = largestSize(values);
  const named = column.pitch[0] >= 15 ? strongest(values, namedCount) : [];
  for (let unit = 0; unit < column.count; unit++) {
    const box = cellBox(column, unit);
    if (!box) continue;
    const value = values[unit]!;
    const share = max === 0 && value === 0 ? 0 : value / max;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const radius = column.perRow === 1 ? Math.min(box.width, box.height) / 2 : 2;
    context.beginPath();
    context.roundRect(x - box.height / 2, box.y, box.height, box.height, radius);
    context.fillStyle = cssColor(divergingColor(colors.values, share));
    context.fill();
    if (box.height < 5) continue;
    context.strokeStyle = colors.border;
    context.lineWidth = 1;
    context.stroke();
    if (box.height >= markedMin - 3) mark(context, colors, { x, y, value, share });
    if (named.includes(unit)) nameUnit(context, colors, { x, y, unit, share, box });
  }
}

/** A minus in negative cells, so that color does not stand alone. */
function mark(
  context: Context,
  colors: FlowColors,
  { x, y, value, share }: { x: number; y: number; value: number; share: number },
): void {
  if (Number.isNaN(value)) {
    context.fillStyle = colors.background;
    context.fillText('?', x, y);
  } else if (share < -0.05) {
    context.fillStyle = share < -0.5 ? colors.background : colors.text;
    context.fillRect(x - 3, y - 0.75, 6, 1.5);
  }
}

function nameUnit(
  context: Context,
  colors: FlowColors,
  at: { x: number; y: number; unit: number; share: number; box: Box },
): void {
  if (at.share < 0 || at.box.height < markedMin) return;
  context.font = `600 ${at.box.height >= 18 ? 10 : 8}px ${colors.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = at.share > 0.5 ? colors.background : colors.text;
  context.fillText(String(at.unit), at.x, at.y + 0.5);
}

/** Indices of the largest in size. */
export function strongest(values: Float32Array, count: number): number[] {
  return Array.from(values.keys())
    .sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!))
    .slice(0, count);
}

function drawClasses(
  context: Context,
  { colors, classes, label }: FlowScene,
  column: Placed,
  values: Float32Array,
): void {
  const figureWidth = 52;
  context.font = `600 12px ${colors.font}`;
  const nameWidth = Math.min(76, 32 + widest(context, classes));
  const top = strongest(values, 1)[0];
  context.textBaseline = 'middle';
  for (let unit = 0; unit < column.count; unit++) {
    const box = cellBox(column, unit);
    if (!box) continue;
    const value = values[unit]!;
    const y = box.y + box.height / 2;
    const [start, room] = [box.x + nameWidth, box.width - nameWidth - figureWidth];
    context.font = `${unit === top ? '600 ' : ''}12px ${colors.font}`;
    context.fillStyle = colors.text;
    context.textAlign = 'start';
    const name = `${classes[unit] ?? unit}${unit === label ? ' ✓' : ''}`;
    context.fillText(clipped(context, name, nameWidth - 12), box.x + 8, y);
    context.textAlign = 'end';
    context.fillStyle = colors.sunken;
    context.fillRect(start, y - 6, room, 12);
    context.fillStyle = unit === top ? colors.accent : colors.border;
    if (Number.isFinite(value)) context.fillRect(start, y - 6, room * value, 12);
    context.fillStyle = unit === top ? colors.text : colors.secondary;
    context.fillText(shareText(value), box.x + box.width - 2, y);
  }
}

/** px of the longest name. */
const widest = (context: Context, names: readonly string[]): number =>
  Math.max(...names.map((name) => context.measureText(name).width));

const shareText = (value: number): string =>
  Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : 'NaN';

function clipped(context: Context, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let end = text.length - 1;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}

function outline(context: Context, { layout, colors }: FlowScene, cell: Cell, line: number): void {
  const column = layout.columns[cell.column];
  const box = column && cellBox(column, cell.unit);
  if (!column || !box) return;
  context.strokeStyle = colors.accent;
  context.lineWidth = line;
  const side = column.kind === 'units' ? box.height : box.width;
  const x = box.x + (box.width - side) / 2;
  context.beginPath();
  context.roundRect(x - 2, box.y - 2, side + 4, box.height + 4, 3);
  context.stroke();
}
