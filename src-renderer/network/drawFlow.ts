/** @file One drawing of the network at work: edges, then columns of cells, then what is pointed at. */
import { drawCells } from './drawCells.ts';
import { drawEdges, touching } from './drawEdges.ts';
import type { Context, FlowScene } from './flowScene.ts';
import { cellBox, type Cell, type Placed } from './layout.ts';

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
