/** @file Draws a confusion matrix: green where label and prediction agree, red elsewhere, numbers where they fit. */
import {
  cellText,
  isRight,
  numberCellMin,
  strengthOf,
  type Cell,
  type MatrixGeometry,
  type MatrixMode,
  type Point,
} from './matrix.ts';

export type MatrixColors = {
  readonly background: string;
  readonly text: string;
  readonly secondary: string;
  readonly grid: string;
  readonly good: string;
  readonly bad: string;
  readonly accent: string;
  readonly font: string;
};

export type MatrixScene = {
  readonly classes: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  readonly geometry: MatrixGeometry;
  readonly mode: MatrixMode;
  readonly opened: Cell | null;
  readonly hovered: Cell | null;
  /** Names stay in sight. */
  readonly scroll: Point;
  readonly colors: MatrixColors;
};

type Context = CanvasRenderingContext2D;

export function matrixColors(element: Element): MatrixColors {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    background: read('--background'),
    text: read('--text'),
    secondary: read('--secondary'),
    grid: read('--border'),
    good: read('--good'),
    bad: read('--bad'),
    accent: read('--accent'),
    font: style.fontFamily,
  };
}

export function drawMatrix(context: Context, scene: MatrixScene): void {
  const { geometry, colors } = scene;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, geometry.width, geometry.height);
  drawCells(context, scene);
  drawFrame(context, scene);
  if (scene.hovered) outline(context, scene, scene.hovered, colors.secondary);
  if (scene.opened) outline(context, scene, scene.opened, colors.accent);
  drawNames(context, scene);
}

function drawCells(context: Context, scene: MatrixScene): void {
  const { confusion, geometry, colors, mode } = scene;
  const { cell, left, top } = geometry;
  const hasNumbers = cell >= numberCellMin;
  // A line between cells, as long as there is room for one.
  const gap = cell >= 8 ? 1 : 0;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = `${cell >= 36 ? 12 : 11}px ${colors.font}`;
  confusion.forEach((row, label) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    row.forEach((count, predicted) => {
      if (count === 0) return;
      const [x, y] = [left + predicted * cell, top + label * cell];
      context.globalAlpha = strengthOf(count / support) * (hasNumbers ? 1 : 1.9);
      context.fillStyle = isRight({ label, predicted }) ? colors.good : colors.bad;
      context.fillRect(x, y, cell - gap, cell - gap);
      context.globalAlpha = 1;
      if (!hasNumbers) return;
      context.fillStyle = colors.text;
      const text = cellText(confusion, { label, predicted }, mode);
      context.fillText(text, x + cell / 2, y + cell / 2, cell - 4);
    });
  });
}

function drawFrame(context: Context, { geometry, colors, confusion }: MatrixScene): void {
  const { cell, left, top } = geometry;
  const side = confusion.length * cell;
  context.strokeStyle = colors.grid;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
}

function drawNames(context: Context, { classes, geometry, colors, scroll }: MatrixScene): void {
  const { cell, left, top, nameStep, width, height } = geometry;
  context.fillStyle = colors.background;
  context.fillRect(scroll.x, 0, left - 1, height);
  context.fillRect(0, scroll.y, width, top - 1);
  context.font = `11px ${colors.font}`;
  context.fillStyle = colors.secondary;
  context.textBaseline = 'middle';
  const isUpright = top < left || left <= 34;
  classes.forEach((name, k) => {
    if (k % nameStep !== 0) return;
    const middle = (k + 0.5) * cell;
    context.textAlign = 'right';
    const [row, column] = [top + middle, left + middle];
    const shownName = clipped(context, name, left - 8);
    if (row - scroll.y > top) context.fillText(shownName, scroll.x + left - 6, row);
    if (column - scroll.x < left) return;
    context.save();
    context.translate(column, scroll.y + top - 6);
    if (isUpright) context.textAlign = 'center';
    else {
      context.rotate(-Math.PI / 2);
      context.textAlign = 'left';
    }
    const shown = isUpright ? clipped(context, name, cell) : shownName;
    context.fillText(shown, 0, isUpright ? -4 : 0);
    context.restore();
  });
}

function clipped(context: Context, name: string, room: number): string {
  if (context.measureText(name).width <= room) return name;
  let shown = name;
  while (shown.length > 1 && context.measureText(`${shown}…`).width > room)
    shown = shown.slice(0, -1);
  return `${shown}…`;
}

function outline(context: Context, { geometry }: MatrixScene, cell: Cell, color: string): void {
  const { cell: side, left, top } = geometry;
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.strokeRect(left + cell.predicted * side, top + cell.label * side, side, side);
}
