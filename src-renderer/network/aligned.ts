/**
 * @file A map turned to lie as another does: principal components know no up or down, so the maps of two epochs may be
 * turned or mirrored against each other though the images lie alike.
 */

/**
 * Turned and mirrored, never stretched, so that the squared distances to `reference` are smallest (orthogonal
 * Procrustes in the plane).
 *
 * @param points, reference  [N, 2], the same images in the same order; anything else is returned as it is
 */
export function aligned(points: Float32Array, reference: Float32Array | null): Float32Array {
  if (reference === null || reference.length !== points.length) return points;
  const [mx, my] = meanOf(points);
  const [rx, ry] = meanOf(reference);
  // Sums of products of coordinates about the means: x·x, x·y, y·x, y·y.
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    const [px, py] = [points[i]! - mx, points[i + 1]! - my];
    const [qx, qy] = [reference[i]! - rx, reference[i + 1]! - ry];
    xx += px * qx;
    xy += px * qy;
    yx += py * qx;
    yy += py * qy;
  }
  const turned = Math.hypot(xx + yy, xy - yx);
  const mirrored = Math.hypot(xx - yy, xy + yx);
  const sign = mirrored > turned ? -1 : 1;
  const angle = sign > 0 ? Math.atan2(xy - yx, xx + yy) : Math.atan2(xy + yx, xx - yy);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const result = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]! - mx, sign * (points[i + 1]! - my)];
    result[i] = cos * x - sin * y + mx;
    result[i + 1] = sin * x + cos * y + my;
  }
  return result;
}

function meanOf(points: Float32Array): readonly [number, number] {
  let [x, y] = [0, 0];
  for (let i = 0; i < points.length; i += 2) {
    x += points[i]!;
    y += points[i + 1]!;
  }
  const count = Math.max(1, points.length / 2);
  return [x / count, y / count];
}
