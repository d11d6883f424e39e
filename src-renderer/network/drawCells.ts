/** @file The cells of a column with what they hold: pixels of an image or of maps, units as squares, classes as bars. */
import type { Column } from './columns.ts';
import {
  cssColor,
  divergingColor,
  divergingRaster,
  largestSize,
  pictureRaster,
} from './diverging.ts';
import type { Context, FlowColors, FlowScene } from './flowScene.ts';
import { cellBox, type Box, type Placed } from './layout.ts';
import { paintRaster } from './paintRaster.ts';

export function drawCells(context: Context, scene: FlowScene, column: Placed): void {
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
