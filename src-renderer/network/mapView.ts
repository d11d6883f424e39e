/** @file Which part of a map is on screen: zoom and place as one scale and two shifts, from the map to CSS pixels. */

export type MapView = { readonly scale: number; readonly x: number; readonly y: number };
type Size = { readonly width: number; readonly height: number };

const margin = 28;
const zoomMax = 400;

/** All points in sight, in the same scale across and down. */
export function wholeMap(points: Float32Array, { width, height }: Size): MapView {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    top = Math.min(top, points[i + 1]!);
    bottom = Math.max(bottom, points[i + 1]!);
  }
  const across = (width - 2 * margin) / Math.max(right - left, 1e-9);
  const down = (height - 2 * margin) / Math.max(bottom - top, 1e-9);
  const scale = Math.max(1e-9, Math.min(across, down));
  return {
    scale,
    x: width / 2 - (scale * (left + right)) / 2,
    y: height / 2 - (scale * (top + bottom)) / 2,
  };
}

/** Zoomed so that what lies under a place on screen stays there. @param least  scale of the whole map */
export function zoomed(
  view: MapView,
  factor: number,
  at: { x: number; y: number },
  least: number,
): MapView {
  const scale = Math.min(Math.max(view.scale * factor, least / 2), least * zoomMax);
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

export const moved = (view: MapView, x: number, y: number): MapView => ({
  ...view,
  x: view.x + x,
  y: view.y + y,
});

/** From the screen to the map. */
export const onMap = ({ scale, x, y }: MapView, at: { x: number; y: number }) =>
  [(at.x - x) / scale, (at.y - y) / scale] as const;

/** The nearest point within `reach` px of a place on screen, of those that are shown. Null: none. */
export function nearestPoint(
  points: Float32Array,
  view: MapView,
  at: { x: number; y: number },
  { reach, isShown }: { reach: number; isShown: (i: number) => boolean },
): number | null {
  const [x, y] = onMap(view, at);
  let best: number | null = null;
  let least = (reach / view.scale) ** 2;
  for (let i = 0; i < points.length / 2; i++) {
    const distance = (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2;
    if (distance <= least && isShown(i)) {
      best = i;
      least = distance;
    }
  }
  return best;
}
