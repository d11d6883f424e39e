/** @file Which points lie inside a line drawn around them. */

export type Point = readonly [x: number, y: number];

/** Even–odd rule: inside, where a ray to the right crosses the closed line an odd number of times. */
export function isInside(line: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  let [x1, y1] = line.at(-1) ?? [0, 0];
  for (const [x2, y2] of line) {
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    [x1, y1] = [x2, y2];
  }
  return inside;
}

/** Indices of the points [N, 2] inside. */
export function insideOf(line: readonly Point[], points: Float32Array): number[] {
  const xs = line.map(([x]) => x);
  const ys = line.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let i = 0; i < points.length / 2; i++) {
    const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
    if (x < left || x > right || y < top || y > bottom) continue;
    if (isInside(line, x, y)) found.push(i);
  }
  return found;
}
