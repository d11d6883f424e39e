/**
 * @file From a drawing to the picture a network reads, the way MNIST was made: the ink is cropped, scaled to 20 of 28
 * pixels, and moved so that its center of mass lies in the middle. Plain JavaScript without imports: an exported page
 * carries this very text, and the app imports it. Coordinates are in pixels, from the left and top edges.
 */

/** Of the picture's shorter side, how much a centered drawing fills. */
const filledShare = 20 / 28;

/** Fainter edges of a stroke do not count when it is cropped. */
const inkLevel = 32;

export function pictureOf({ ink, width, height }, size, centered) {
  const crop = inkBox(ink, width, height);
  if (crop === null) return { pixels: new Uint8Array(size.width * size.height), crop, mass: null };
  const mass = centerOfMass(ink, width, height);
  const scale = centered
    ? (filledShare * Math.min(size.width, size.height)) / Math.max(crop.width, crop.height)
    : Math.min(size.width / width, size.height / height);
  const left = centered ? shift(crop.left, crop.width, mass.x, scale, size.width) : 0;
  const top = centered ? shift(crop.top, crop.height, mass.y, scale, size.height) : 0;
  const columns = spread(ink, height, width, scale, left, size.width);
  const shades = spread(columns, size.width, height, scale, top, size.height);
  return {
    pixels: Uint8Array.from(shades, (shade) => Math.min(255, Math.round(shade))),
    crop,
    mass,
  };
}

/** The smallest box around all ink, or null where there is none. */
function inkBox(ink, width, height) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] < inkLevel) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  return right === 0 ? null : { left, top, width: right - left, height: bottom - top };
}

function centerOfMass(ink, width, height) {
  let [sum, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const weight = ink[row * width + column];
      sum += weight;
      x += weight * (column + 0.5);
      y += weight * (row + 0.5);
    }
  return { x: x / sum, y: y / sum };
}

/** Moves the mass to the middle, but no ink over an edge. Ink reaches from `start` over `length`, before scaling. */
function shift(start, length, mass, scale, size) {
  const least = -start * scale;
  const most = size - (start + length) * scale;
  return Math.min(most, Math.max(least, size / 2 - mass * scale));
}

/**
 * Scales the rows of an array [rows, length] to `size` pixels, each the mean of what falls on it, and turns the array
 * on its diagonal: two calls scale both axes.
 *
 * @returns [size, rows]
 */
function spread(from, rows, length, scale, start, size) {
  const to = new Float32Array(size * rows);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < length; i++) {
      const value = from[row * length + i];
      if (value === 0) continue;
      const [begin, end] = [start + i * scale, start + (i + 1) * scale];
      for (let t = Math.max(0, Math.floor(begin)); t < Math.min(size, end); t++)
        to[t * rows + row] += value * (Math.min(end, t + 1) - Math.max(begin, t));
    }
  return to;
}
