/** @file The edges between two columns: as wide and as dark as what passes along them, dashed where it is negative. */
import { cssColor } from './diverging.ts';
import type { Edge } from './edges.ts';
import type { Context, EdgeSet, FlowColors, FlowScene } from './flowScene.ts';
import { cellBox, pointOf, type Cell } from './layout.ts';

const edgeWidthMax = 3.5;
const linesUsual = 60;
/** Fainter and thinner than this, an edge is not worth its line. */
const shareMin = 0.04;

export function drawEdges(
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

/** Edges that begin or end at a cell. */
export function touching({ into, edges, max }: EdgeSet, cell: Cell): EdgeSet {
  const found = edges.filter(
    ({ from, to }) =>
      (cell.column === into && to === cell.unit) ||
      (cell.column === into - 1 && from === cell.unit),
  );
  return { into, edges: found, max };
}
