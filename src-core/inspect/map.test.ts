/** @file Principal components and neighbors against slow computations of another kind. */
import { describe, expect, test } from 'vitest';
import { stream } from '../random.ts';
import { nearestNeighbors } from './neighbors.ts';
import { pca } from './pca.ts';

/** Points with a few long axes, turned at random, around a center far from zero. */
function cloud(N: number, D: number): Float32Array {
  const random = stream(5, 'cloud');
  const mixing = Float64Array.from({ length: D * D }, () => random.normal());
  const points = new Float32Array(N * D);
  for (let n = 0; n < N; n++) {
    const own = Array.from({ length: D }, (_, d) => random.normal() / (1 + d) ** 1.5);
    for (let d = 0; d < D; d++)
      points[n * D + d] = 10 + own.reduce((sum, value, e) => sum + value * mixing[d * D + e]!, 0);
  }
  return points;
}

/** The covariance matrix by its definition, then one direction after another by powers and deflation. */
function referenceComponents(points: Float32Array, N: number, D: number, k: number) {
  const mean = Array.from({ length: D }, (_, d) => {
    let sum = 0;
    for (let n = 0; n < N; n++) sum += points[n * D + d]!;
    return sum / N;
  });
  const covariance = Array.from({ length: D }, (_, a) =>
    Array.from({ length: D }, (__, b) => {
      let sum = 0;
      for (let n = 0; n < N; n++)
        sum += (points[n * D + a]! - mean[a]!) * (points[n * D + b]! - mean[b]!);
      return sum / N;
    }),
  );
  const trace = covariance.reduce((sum, row, d) => sum + row[d]!, 0);
  return Array.from({ length: k }, () => {
    let axis = Array.from({ length: D }, (_, d) => Math.sin(d + 1));
    let variance = 0;
    for (let i = 0; i < 3000; i++) {
      const turned = covariance.map((row) =>
        row.reduce((sum, value, d) => sum + value * axis[d]!, 0),
      );
      variance = Math.hypot(...turned);
      axis = turned.map((value) => value / variance);
    }
    for (let a = 0; a < D; a++)
      for (let b = 0; b < D; b++) covariance[a]![b]! -= variance * axis[a]! * axis[b]!;
    return { axis, explained: variance / trace };
  });
}

describe('principal components', () => {
  test.each([
    [300, 12],
    [20, 40], // more columns than points: by the points themselves
  ])('of %i points in %i columns are those of the covariance matrix', (N, D) => {
    const points = cloud(N, D);
    const found = pca(points, [N, D], 3);
    referenceComponents(points, N, D, 3).forEach(({ axis, explained }, c) => {
      const component = found.components.subarray(c * D, (c + 1) * D);
      const cosine = component.reduce((sum, value, d) => sum + value * axis[d]!, 0);
      expect(Math.abs(cosine)).toBeCloseTo(1, 6);
      expect(found.explained[c]).toBeCloseTo(explained, 6);
    });
  });

  test('coordinates are uncorrelated, centered, and as spread as is said', () => {
    const [N, D] = [200, 10];
    const { coordinates, explained, components } = pca(cloud(N, D), [N, D], 2);
    const sums = { x: 0, y: 0, xy: 0, xx: 0, yy: 0 };
    for (let n = 0; n < N; n++) {
      const [x, y] = [coordinates[2 * n]!, coordinates[2 * n + 1]!];
      sums.x += x;
      sums.y += y;
      sums.xy += x * y;
      sums.xx += x * x;
      sums.yy += y * y;
    }
    expect(sums.x / N).toBeCloseTo(0, 4);
    expect(sums.xy / Math.sqrt(sums.xx * sums.yy)).toBeCloseTo(0, 5);
    expect(sums.yy / sums.xx).toBeCloseTo(explained[1]! / explained[0]!, 5);
    expect(Math.max(...components.subarray(0, D))).toBeGreaterThan(
      -Math.min(...components.subarray(0, D)),
    );
  });

  test('of equal points is one place, and says that nothing is explained', () => {
    const { coordinates, explained } = pca(new Float32Array(50).fill(7), [10, 5], 2);
    expect([...coordinates]).toEqual(Array.from({ length: 20 }, () => 0));
    expect(explained).toEqual([0, 0]);
  });
});

test('neighbors are those of sorting all distances, the point itself first', async () => {
  const [N, D, k] = [120, 6, 9];
  const points = cloud(N, D);
  const shares: number[] = [];
  const found = await nearestNeighbors(points, [N, D], k, async (share) => void shares.push(share));
  for (let n = 0; n < N; n++) {
    const distance = (other: number) =>
      Math.hypot(
        ...Array.from({ length: D }, (_, d) => points[n * D + d]! - points[other * D + d]!),
      );
    const order = Array.from({ length: N }, (_, i) => i).sort((a, b) => distance(a) - distance(b));
    expect(found.indices[n]).toEqual(order.slice(0, k));
    found.distances[n]!.forEach((value, i) => expect(value).toBeCloseTo(distance(order[i]!), 3));
  }
  expect(shares[0]).toBe(0);
});
