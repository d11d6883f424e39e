/** @file What a drawing of the network at work shows: where its cells are, what they hold, and what is pointed at. */
import type { Diverging } from './diverging.ts';
import type { Edge } from './edges.ts';
import type { Cell, Layout } from './layout.ts';
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
export type Context = CanvasRenderingContext2D;
