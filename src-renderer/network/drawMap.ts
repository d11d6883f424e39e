/**
 * @file One frame of the map. A point is a stamp that is drawn once for its class and laid ten thousand times into the
 * frame's own pixels, which takes milliseconds with and without graphics hardware: a dot,
 * with a ring where the prediction is wrong, and from near its class's first letter, so that colors need not be told apart.
 */
import type { MapView } from './mapView.ts';
import type { Point } from './lasso.ts';

export type MapColors = {
  readonly background: string;
  readonly text: string;
  readonly accent: string;
  readonly bad: string;
  readonly font: string;
};
export type MapScene = {
  readonly points: Float32Array;
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  readonly classes: readonly string[];
  readonly classColors: readonly string[];
  readonly isHidden: readonly boolean[];
  readonly view: MapView;
  /** Indices of points; null: nothing is selected. */
  readonly selected: ReadonlySet<number> | null;
  readonly hovered: number | null;
  /** On the map. */
  readonly lasso: readonly Point[];
  readonly hasLetters: boolean;
  readonly colors: MapColors;
};

/** CSS px */
const dotRadius = 3;
const letterRadius = 7;
const stampSide = 20;

/** What a stamp covers: places relative to its middle, and their colors (red, green, blue, alpha). */
type Stamp = { readonly places: Int16Array; readonly colors: Uint8Array };
/** Of each class one that is right and one that is wrong. */
export type Stamps = { readonly key: string; readonly list: readonly Stamp[] };

/** The same while classes, colors and size are. */
export function stampsFor(scene: MapScene, pixelRatio: number, known: Stamps | null): Stamps {
  const { classes, classColors, hasLetters, colors } = scene;
  const key = JSON.stringify([classes, classColors, hasLetters, colors, pixelRatio]);
  if (known?.key === key) return known;
  const canvas = document.createElement('canvas');
  const side = Math.round(stampSide * pixelRatio);
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return { key, list: [] };
  const list = classes.flatMap((_, at) =>
    [false, true].map((isWrong) => {
      context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
      context.clearRect(0, 0, stampSide, stampSide);
      drawStamp(context, scene, at, isWrong);
      return stampOf(context.getImageData(0, 0, side, side));
    }),
  );
  return { key, list };
}

function stampOf({ data, width }: ImageData): Stamp {
  const places: number[] = [];
  const colors: number[] = [];
  const middle = Math.floor(width / 2);
  for (let i = 0; i < data.length / 4; i++) {
    if (data[4 * i + 3] === 0) continue;
    places.push((i % width) - middle, Math.floor(i / width) - middle);
    colors.push(...data.subarray(4 * i, 4 * i + 4));
  }
  return { places: Int16Array.from(places), colors: Uint8Array.from(colors) };
}

function drawStamp(
  context: CanvasRenderingContext2D,
  { classes, classColors, hasLetters, colors }: MapScene,
  at: number,
  isWrong: boolean,
): void {
  const [x, y] = [stampSide / 2, stampSide / 2];
  const radius = hasLetters ? letterRadius : dotRadius;
  const color = classColors[at] ?? colors.text;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
  if (isWrong) {
    context.beginPath();
    context.arc(x, y, radius + 1.5, 0, 2 * Math.PI);
    context.strokeStyle = colors.bad;
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (!hasLetters) return;
  context.font = `600 10px ${colors.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = inkOn(color);
  context.fillText([...(classes[at] ?? '?')][0] ?? '?', x, y + 0.5);
}

/** Black or white, whichever is read better on `#rrggbb`. */
function inkOn(color: string): string {
  const [red, green, blue] = channelsOf(color);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? '#000' : '#fff';
}

/** Of `#rrggbb`, or of `#rgb`, to which styles are shortened when the page is built. */
function channelsOf(color: string): readonly [number, number, number] {
  const digits = color.length === 4 ? color.replaceAll(/[^#]/g, '$&$&') : color;
  const at = (start: number): number => Number.parseInt(digits.slice(start, start + 2), 16);
  return [at(1), at(3), at(5)];
}

/** @param frame  its pixels, overwritten: as large as the canvas */
export function drawMap(
  context: CanvasRenderingContext2D,
  scene: MapScene,
  { stamps, frame, pixelRatio }: { stamps: Stamps; frame: ImageData; pixelRatio: number },
): void {
  const { labels, predicted, isHidden, selected } = scene;
  const { points, view, colors } = scene;
  new Uint32Array(frame.data.buffer).fill(packedColor(colors.background));
  const bytes = new Uint8Array(frame.data.buffer);
  // Twice: what is not selected lies under what is.
  for (const isTop of selected === null ? [true] : [false, true]) {
    const opacity = isTop ? 218 : 31;
    for (let i = 0; i < labels.length; i++) {
      if (selected !== null && selected.has(i) !== isTop) continue;
      const label = labels[i]!;
      const stamp = stamps.list[2 * label + (predicted[i] === label ? 0 : 1)];
      if (isHidden[label] || !stamp) continue;
      const x = Math.round((points[2 * i]! * view.scale + view.x) * pixelRatio);
      const y = Math.round((points[2 * i + 1]! * view.scale + view.y) * pixelRatio);
      layStamp(bytes, frame, stamp, [x, y], opacity);
    }
  }
  context.putImageData(frame, 0, 0);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  drawHovered(context, scene);
  drawLasso(context, scene);
}

/** `#rrggbb` as one number in the order of ImageData's bytes, opaque. */
function packedColor(color: string): number {
  const [red, green, blue] = channelsOf(color);
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0]!;
}

/**
 * Over what is there: new = stamp · alpha + old · (1 − alpha), in 256ths.
 *
 * @param bytes  of the frame, unclamped: writing clamped ones takes half as long again
 */
function layStamp(
  bytes: Uint8Array,
  { width, height }: ImageData,
  { places, colors }: Stamp,
  [x, y]: readonly [number, number],
  opacity: number,
): void {
  if (x < -stampSide || y < -stampSide || x > width + stampSide || y > height + stampSide) return;
  for (let i = 0; i < places.length / 2; i++) {
    const column = x + places[2 * i]!;
    const row = y + places[2 * i + 1]!;
    if (column < 0 || row < 0 || column >= width || row >= height) continue;
    const alpha = (colors[4 * i + 3]! * opacity) >> 8;
    const rest = 256 - alpha;
    const at = 4 * (row * width + column);
    bytes[at] = (colors[4 * i]! * alpha + bytes[at]! * rest) >> 8;
    bytes[at + 1] = (colors[4 * i + 1]! * alpha + bytes[at + 1]! * rest) >> 8;
    bytes[at + 2] = (colors[4 * i + 2]! * alpha + bytes[at + 2]! * rest) >> 8;
  }
}

function drawHovered(context: CanvasRenderingContext2D, scene: MapScene): void {
  const { hovered, points, view, colors } = scene;
  if (hovered === null) return;
  const x = points[2 * hovered]! * view.scale + view.x;
  const y = points[2 * hovered + 1]! * view.scale + view.y;
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.strokeStyle = colors.text;
  context.lineWidth = 2;
  context.stroke();
}

function drawLasso(context: CanvasRenderingContext2D, { lasso, view, colors }: MapScene): void {
  if (lasso.length < 2) return;
  context.beginPath();
  for (const [x, y] of lasso) context.lineTo(x * view.scale + view.x, y * view.scale + view.y);
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = colors.accent;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = colors.accent;
  context.lineWidth = 1.5;
  context.setLineDash([5, 3]);
  context.stroke();
  context.setLineDash([]);
}
