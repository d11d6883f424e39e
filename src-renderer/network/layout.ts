/** @file Where everything of a drawn network lies, in CSS pixels: columns from left to right, their cells, and back. */
import { readsFrom, type Column } from './columns.ts';

export type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
export type Placed = Column & {
  readonly box: Box;
  /** Cells stand in rows of so many. */
  readonly perRow: number;
  /** From one cell to the next, across and down. */
  readonly pitch: readonly [number, number];
  /** Room between cells, part of the pitch. */
  readonly gap: number;
  /** Which of them have a place, in order. Null: all, in their order. */
  readonly order: readonly number[] | null;
};
export type Layout = {
  readonly columns: readonly Placed[];
  readonly width: number;
  readonly height: number;
};
export type Cell = { readonly column: number; readonly unit: number };

/** Above the cells: title, size, what it consists of. */
const headHeight = 52;
const margin = 12;
const imageSideMax = 260;
const unitPitchMax = 26;
const unitPitchWanted = 15;
const blockWidthMax = 190;
const mapPitchMax = 76;
const slotMin = 68;
const classWidth = 196;
const classPitch: readonly [min: number, max: number] = [18, 32];
/** Between two columns: room for edges, or for none. */
const gapMin = { edges: 96, plain: 40 };

/** Of the widths above, tried in turn until everything fits; what still does not is scrolled. */
const scales = [1, 0.8, 0.64, 0.5];

type Room = { readonly height: number; readonly scale: number };

/** px to the column before. */
function leastGap(columns: readonly Column[], at: number, scale: number): number {
  return readsFrom(columns, at) === null ? gapMin.plain : gapMin.edges * Math.max(0.6, scale);
}

type Block = Omit<Placed, keyof Column | 'box'> & {
  readonly width: number;
  readonly height: number;
};

/** @param likely  classes, the most probable first: those that are shown where there is no room for all */
export function layOut(
  columns: readonly Column[],
  { width, height, likely }: { width: number; height: number; likely: readonly number[] },
): Layout {
  const room = height - headHeight - margin;
  let blocks: Block[] = [];
  let least: number[] = [];
  let taken = 0;
  let leastSum = 0;
  for (const scale of scales) {
    blocks = columns.map((column) => blockOf(column, { height: room, scale }, likely));
    least = columns.slice(1).map((_, i) => leastGap(columns, i + 1, scale));
    taken = blocks.reduce((sum, block) => sum + slotOf(block), 0) + 2 * margin;
    leastSum = least.reduce((sum, gap) => sum + gap, 0);
    if (taken + leastSum <= width) break;
  }
  const stretch = Math.max(1, (width - taken) / Math.max(1, leastSum));
  let x = margin;
  const placed = columns.map((column, i): Placed => {
    const { width, height: blockHeight, ...block } = blocks[i]!;
    const slot = slotOf(blocks[i]!);
    const top = headHeight + (room - blockHeight) / 2;
    const box = { x: x + (slot - width) / 2, y: top, width, height: blockHeight };
    x += slot + (least[i] ?? 0) * stretch;
    return { ...column, ...block, box };
  });
  return { columns: placed, width: Math.max(width, taken + leastSum * stretch), height };
}

/** Room for the title, which may be wider than what stands under it. */
const slotOf = ({ width }: { readonly width: number }): number => Math.max(width, slotMin);

function blockOf(column: Column, room: Room, likely: readonly number[]): Block {
  switch (column.kind) {
    case 'image':
      return imageBlock(column, room);
    case 'classes':
      return classBlock(column, room.height, likely);
    case 'maps':
      return gridBlock(column.count, room, [mapPitchMax, mapPitchMax]);
    case 'units':
      return gridBlock(column.count, room, [unitPitchMax, unitPitchWanted]);
    default:
      return column.kind satisfies never;
  }
}

function imageBlock({ shape }: Column, room: Room): Block {
  const [, height = 1, width = 1] = shape;
  const side = Math.min(imageSideMax * room.scale, room.height) / Math.max(height, width);
  const [w, h] = [width * side, height * side];
  return { width: w, height: h, perRow: 1, pitch: [w, h], gap: 0, order: null };
}

function classBlock({ count }: Column, room: number, likely: readonly number[]): Block {
  const rows = Math.min(count, Math.floor(room / classPitch[0]));
  const pitch = Math.min(classPitch[1], room / rows);
  const order = rows < count ? likely.slice(0, rows).toSorted((a, b) => a - b) : null;
  return {
    width: classWidth,
    height: rows * pitch,
    perRow: 1,
    pitch: [classWidth, pitch],
    gap: 4,
    order,
  };
}

/** The fewest cells in a row with which cells are still of the size wanted, and the block not too wide. */
function gridBlock(
  count: number,
  { height: room, scale }: Room,
  [most, wanted]: readonly [number, number],
): Block {
  for (let perRow = 1; ; perRow++) {
    const pitch = Math.min(most, room / Math.ceil(count / perRow));
    const nextWidth = (perRow + 1) * Math.min(most, room / Math.ceil(count / (perRow + 1)));
    const isGood = pitch >= wanted || nextWidth > blockWidthMax * scale || perRow >= count;
    if (!isGood) continue;
    return {
      width: perRow * pitch,
      height: Math.ceil(count / perRow) * pitch,
      perRow,
      pitch: [pitch, pitch],
      gap: pitch >= 12 ? 3 : pitch >= 6 ? 1 : 0,
      order: null,
    };
  }
}

/** Null: it has no place. */
export function cellBox({ box, perRow, pitch, gap, order }: Placed, unit: number): Box | null {
  const place = order === null ? unit : order.indexOf(unit);
  if (place < 0) return null;
  return {
    x: box.x + (place % perRow) * pitch[0] + (perRow > 1 ? gap / 2 : 0),
    y: box.y + Math.floor(place / perRow) * pitch[1] + gap / 2,
    width: pitch[0] - (perRow > 1 ? gap : 0),
    height: pitch[1] - gap,
  };
}

/** The middle of number `index` of what the column gives on, row-major: of a map, one of its pixels. */
export function pointOf(column: Placed, index: number): readonly [number, number] | null {
  const { kind, shape } = column;
  const [, height = 1, width = 1] = shape;
  const area = kind === 'image' || kind === 'maps' ? height * width : 1;
  const cell = cellBox(column, kind === 'image' ? 0 : Math.floor(index / area));
  if (cell === null) return null;
  const pixel = index % area;
  return [
    cell.x + (((pixel % width) + 0.5) / width) * cell.width,
    cell.y + ((Math.floor(pixel / width) + 0.5) / height) * cell.height,
  ];
}

/** What lies at a point; a little beside it counts. */
export function cellAt({ columns }: Layout, x: number, y: number): Cell | null {
  const at = columns.findIndex(({ box }) => x >= box.x - 2 && x < box.x + box.width + 2);
  const column = columns[at];
  if (!column) return null;
  const across = Math.floor((x - column.box.x) / column.pitch[0]);
  const down = Math.floor((y - column.box.y) / column.pitch[1]);
  if (across < 0 || across >= column.perRow || down < 0) return null;
  const place = down * column.perRow + across;
  const unit = column.order === null ? place : column.order[place];
  return unit === undefined || unit >= column.count ? null : { column: at, unit };
}

/** The cell an arrow leads to: up and down within a column, left and right to the column beside, at about the same height. */
export function neighborCell(
  { columns }: Layout,
  { column: at, unit }: Cell,
  key: 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight',
): Cell {
  const column = columns[at]!;
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const order = column.order ?? Array.from({ length: column.count }, (_, i) => i);
    const next = order[order.indexOf(unit) + (key === 'ArrowUp' ? -1 : 1)];
    return { column: at, unit: next ?? unit };
  }
  const nextAt = at + (key === 'ArrowLeft' ? -1 : 1);
  const next = columns[nextAt];
  if (!next) return { column: at, unit };
  const here = cellBox(column, unit) ?? column.box;
  const middle = here.y + here.height / 2;
  const row = Math.floor((middle - next.box.y) / next.pitch[1]);
  const rows = Math.ceil((next.order?.length ?? next.count) / next.perRow);
  const place = Math.min(Math.max(row, 0), rows - 1) * next.perRow;
  return { column: nextAt, unit: next.order?.[place] ?? place };
}
