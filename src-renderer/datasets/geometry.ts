/** @file Where tiles are: square cells in rows, numbered from the upper left, in CSS px. */

export type Geometry = {
  readonly columns: number;
  readonly rows: number;
  /** A tile and the gap after it. */
  readonly pitch: number;
  readonly tile: number;
  /** All rows, with the margins around them. */
  readonly height: number;
};

export type Box = { readonly x: number; readonly y: number };

/** Between tiles. */
const gap = 2;
/** Around all tiles. */
export const gridMargin = 8;
/** Below each tile, for the line in the color of its class. */
export const underline = 2;

/** @param width  of the viewport, in CSS px */
export function geometryOf(count: number, width: number, tile: number): Geometry {
  const pitch = tile + gap;
  const columns = Math.max(1, Math.floor((width - 2 * gridMargin + gap) / pitch));
  const rows = Math.ceil(count / columns);
  return { columns, rows, pitch, tile, height: rows * rowHeight(tile) + 2 * gridMargin };
}

export function rowHeight(tile: number): number {
  return tile + underline + gap;
}

/** Where the tile begins, in the content. */
export function boxOf({ columns, pitch, tile }: Geometry, index: number): Box {
  return {
    x: gridMargin + (index % columns) * pitch,
    y: gridMargin + Math.floor(index / columns) * rowHeight(tile),
  };
}

/** The tile at a point of the content; null: between or beyond the tiles. */
export function indexAt(geometry: Geometry, count: number, { x, y }: Box): number | null {
  const { columns, pitch, tile } = geometry;
  const column = Math.floor((x - gridMargin) / pitch);
  const row = Math.floor((y - gridMargin) / rowHeight(tile));
  if (column < 0 || column >= columns || row < 0) return null;
  const index = row * columns + column;
  return index < count ? index : null;
}

/** First and last tile that a viewport shows, both included; last < first: none. */
export function visibleTiles(
  { columns, tile }: Geometry,
  count: number,
  top: number,
  viewport: number,
): { first: number; last: number } {
  const firstRow = Math.max(0, Math.floor((top - gridMargin) / rowHeight(tile)));
  const lastRow = Math.floor((top + viewport - gridMargin) / rowHeight(tile));
  return {
    first: Math.min(firstRow * columns, count),
    last: Math.min((lastRow + 1) * columns, count) - 1,
  };
}

/** Where a key takes the current tile; null: it is not a key of the grid. */
export function moved(
  key: string,
  index: number,
  count: number,
  step: { readonly columns: number; readonly rowsPerPage: number },
): number | null {
  const move = moves[key];
  if (!move || count === 0) return null;
  const to = index + move(step.columns, step.rowsPerPage);
  // Up and down end in the column they are in, not in a corner.
  if (Math.abs(to - index) === step.columns && (to < 0 || to >= count)) return index;
  return Math.min(Math.max(0, to), count - 1);
}

const moves: Record<string, (columns: number, rowsPerPage: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
  PageUp: (columns, rows) => -columns * rows,
  PageDown: (columns, rows) => columns * rows,
  Home: () => -Infinity,
  End: () => Infinity,
};
