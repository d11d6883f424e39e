/** @file One frame of the grid: tiles that are here, quiet places for those on their way, and the marks on them. */
import { boxOf, underline, type Geometry } from './geometry.ts';
import { tileInfo, type TileInfo } from './page.ts';
import type { Tile } from './pageCache.ts';

export type GridColors = {
  readonly background: string;
  readonly placeholder: string;
  readonly accent: string;
  readonly onAccent: string;
  readonly warning: string;
  readonly border: string;
};

export type Scene = {
  readonly geometry: Geometry;
  readonly visible: { readonly first: number; readonly last: number };
  /** px of the content above the viewport. */
  readonly top: number;
  readonly pixelRatio: number;
  readonly tileAt: (index: number) => Tile | null;
  readonly isChosen: (id: number) => boolean;
  readonly hovered: number | null;
  /** By position of the class. */
  readonly classColors: readonly string[];
  readonly colors: GridColors;
};

/** CSS px: the square in a corner of a tile that chooses it. */
export const checkSize = 16;
/** Smaller tiles have no check; there, Ctrl-click chooses. */
export const checkTileMin = 36;

/** Device px. */
type Square = { readonly x: number; readonly y: number; readonly size: number };
type Context = CanvasRenderingContext2D;

/** @returns whether every tile on screen was there. */
export function drawGrid(context: Context, scene: Scene): boolean {
  const { visible, colors } = scene;
  const { width, height } = context.canvas;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, height);
  let isWhole = true;
  for (let index = visible.first; index <= visible.last; index++) {
    const square = squareOf(scene, index);
    const tile = scene.tileAt(index);
    if (tile) drawTile(context, scene, { tile, square, isHovered: index === scene.hovered });
    else {
      drawPlaceholder(context, colors, square);
      isWhole = false;
    }
  }
  return isWhole;
}

/** On whole device pixels, so that edges are sharp. */
function squareOf({ geometry, top, pixelRatio }: Scene, index: number): Square {
  const { x, y } = boxOf(geometry, index);
  return {
    x: Math.round(x * pixelRatio),
    y: Math.round((y - top) * pixelRatio),
    size: Math.round(geometry.tile * pixelRatio),
  };
}

function drawPlaceholder(context: Context, colors: GridColors, { x, y, size }: Square): void {
  context.fillStyle = colors.placeholder;
  context.fillRect(x, y, size, size);
}

function drawTile(
  context: Context,
  scene: Scene,
  { tile, square, isHovered }: { tile: Tile; square: Square; isHovered: boolean },
): void {
  const { strip, row } = tile;
  const info = tileInfo(strip.page, row);
  if (!info) return;
  const { side } = strip.page;
  const { x, y, size } = square;
  context.fillStyle = scene.colors.placeholder;
  context.fillRect(x, y, size, size);
  // Enlarged pixels stay pixels.
  context.imageSmoothingEnabled = size < 2 * side;
  context.drawImage(strip.image, 0, row * side, side, side, x, y, size, size);
  drawMarks(context, scene, { info, square, isHovered });
}

function drawMarks(
  context: Context,
  scene: Scene,
  { info, square, isHovered }: { info: TileInfo; square: Square; isHovered: boolean },
): void {
  const { colors, pixelRatio } = scene;
  const isChosen = scene.isChosen(info.id);
  if (info.classPosition !== null) {
    context.fillStyle = scene.classColors[info.classPosition] ?? colors.border;
    context.fillRect(
      square.x,
      square.y + square.size,
      square.size,
      Math.round(underline * pixelRatio),
    );
  }
  if (info.flagged) drawFlag(context, scene, square);
  if (isChosen) drawOutline(context, scene, square);
  if (scene.geometry.tile >= checkTileMin && (isChosen || isHovered)) {
    drawCheck(context, scene, square, isChosen);
  }
}

/** A corner folded over, with an edge that shows on any picture. */
function drawFlag(context: Context, { colors, pixelRatio }: Scene, { x, y, size }: Square): void {
  const fold = Math.min(size / 2, Math.max(6, (size / pixelRatio) * 0.22) * pixelRatio);
  context.beginPath();
  context.moveTo(x + size - fold, y);
  context.lineTo(x + size, y);
  context.lineTo(x + size, y + fold);
  context.closePath();
  context.fillStyle = colors.warning;
  context.fill();
  context.strokeStyle = colors.background;
  context.lineWidth = pixelRatio;
  context.stroke();
}

function drawOutline(
  context: Context,
  { colors, pixelRatio }: Scene,
  { x, y, size }: Square,
): void {
  const line = 2 * pixelRatio;
  context.strokeStyle = colors.accent;
  context.lineWidth = line;
  context.strokeRect(x + line / 2, y + line / 2, size - line, size - line);
  context.globalAlpha = 0.22;
  context.fillStyle = colors.accent;
  context.fillRect(x, y, size, size);
  context.globalAlpha = 1;
}

function drawCheck(
  context: Context,
  { colors, pixelRatio }: Scene,
  square: Square,
  isChosen: boolean,
): void {
  const size = checkSize * pixelRatio;
  const inset = 4 * pixelRatio;
  const x = square.x + inset;
  const y = square.y + inset;
  context.beginPath();
  context.roundRect(x, y, size, size, 3 * pixelRatio);
  context.fillStyle = isChosen ? colors.accent : colors.background;
  context.fill();
  context.strokeStyle = isChosen ? colors.onAccent : colors.border;
  context.lineWidth = pixelRatio;
  context.stroke();
  if (!isChosen) return;
  context.beginPath();
  context.moveTo(x + size * 0.25, y + size * 0.52);
  context.lineTo(x + size * 0.43, y + size * 0.7);
  context.lineTo(x + size * 0.76, y + size * 0.32);
  context.lineWidth = 2 * pixelRatio;
  context.stroke();
}
