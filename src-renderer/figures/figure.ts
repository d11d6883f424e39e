/**
 * @file A figure as data: sizes and marks, with inks by their role. The page shows it in the colors of its theme
 * (`FigureView.svelte`), a file gets the light ones (`figureFile.ts`): one description, so that they cannot differ.
 */
import { activationLook } from '../ui/activationLooks.ts';

/** What a mark is drawn with; `activation` has the color of its name. */
export type Ink = 'text' | 'secondary' | 'border' | 'grid' | { readonly activation: string };

export type Mark =
  | {
      readonly kind: 'line';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly ink: Ink;
      readonly width: number;
      readonly dash?: readonly number[];
    }
  | {
      readonly kind: 'path';
      readonly d: string;
      readonly ink: Ink;
      readonly width: number;
      readonly dash?: readonly number[];
    }
  | {
      readonly kind: 'point';
      readonly x: number;
      readonly y: number;
      readonly radius: number;
      readonly ink: Ink;
      /** What it stands for; read aloud and shown on hover. */
      readonly title: string;
      /** Where it leads in the page. */
      readonly href?: string;
    }
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly anchor: 'start' | 'middle' | 'end';
      readonly ink: Ink;
      readonly isStrong?: boolean;
      /** All of it, where `text` is cut. */
      readonly title?: string;
    };

export type Figure = {
  readonly width: number;
  readonly height: number;
  /** What it shows, in words: for those who cannot see it. */
  readonly label: string;
  readonly marks: readonly Mark[];
};

export const fontSize = 12;

/** Of the light theme, for files; text and lines as in `theme.css`. */
const paper = {
  text: '#1b1f27',
  secondary: '#5b6472',
  border: '#7d8694',
  grid: '#e3e6eb',
} as const;

const variables = {
  text: 'var(--text)',
  secondary: 'var(--secondary)',
  border: 'var(--border-strong)',
  grid: 'var(--border)',
} as const;

/** In the page: follows the theme by itself. */
export function inkInPage(ink: Ink): string {
  if (typeof ink === 'string') return variables[ink];
  const { light, dark } = activationLook(ink.activation);
  return `light-dark(${light}, ${dark})`;
}

export const inkOnPaper = (ink: Ink): string =>
  typeof ink === 'string' ? paper[ink] : activationLook(ink.activation).light;

/** Of text in the system's font, about: figures are laid out without a page. */
export const textWidth = (text: string): number => text.length * fontSize * 0.56;

/** Cut to about so many pixels. */
export function clippedText(text: string, width: number): string {
  const most = Math.max(1, Math.floor(width / (fontSize * 0.56)));
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
