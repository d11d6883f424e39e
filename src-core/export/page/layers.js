/**
 * @file Canvases of an exported page, and the layers of its network on them: a square for each unit, a picture for
 * each feature map. An exported page carries this very text, before page.js.
 */

/** Height of a layer's drawing, and what a square of a dense layer is at most, on screen. */
const layerHeight = 128;
const squareMax = 14;

/** Steps from the ground to full blue or orange. */
const shadeSteps = 64;

export function addLayer({ title, shape, values }) {
  const [count, height = 1, width = 1] = shape;
  const isImage = shape.length === 3;
  const gap = isImage ? 2 : 1;
  const rows = isImage
    ? Math.max(1, Math.round(Math.sqrt((count * width) / height / 2)))
    : unitRows(count);
  const tileHeight = Math.min(
    isImage ? layerHeight : squareMax,
    Math.floor(layerHeight / rows) - gap,
  );
  const tile = {
    width: Math.max(1, Math.round((tileHeight * width) / height)),
    height: Math.max(1, tileHeight),
  };
  const columns = Math.ceil(count / rows);
  const canvas = document.createElement('canvas');
  const pane = sized(
    canvas,
    columns * (tile.width + gap),
    rows * (tile.height + gap),
    devicePixelRatio,
  );
  canvas.setAttribute('role', 'img');
  const caption = document.createElement('figcaption');
  caption.className = 'secondary';
  caption.textContent = `${title}\n${isImage ? `${mapsOf(count)}${width} × ${height}` : `${count} values`}`;
  canvas.setAttribute('aria-label', `Values of ${caption.textContent}`);
  const figure = document.createElement('figure');
  figure.append(canvas, caption);
  const item = document.createElement('li');
  item.append(figure);
  document.getElementById('layers').append(item);
  return { pane, tile, gap, columns, count, width, height, values, map: context(width, height) };
}

/** Units in columns of eight, the few of an answer in one, those of wide layers twice as wide as high. */
function unitRows(count) {
  return count <= 10 ? count : Math.max(8, Math.round(Math.sqrt(count / 2)));
}

function mapsOf(count) {
  return count === 1 ? '' : `${count} maps of `;
}

export function showLayer(
  { pane, tile, gap, columns, count, width, height, values, map },
  isEmpty,
) {
  let largest = 0;
  if (!isEmpty) for (const value of values) largest = Math.max(largest, Math.abs(value));
  const shades = shadesNow();
  pane.imageSmoothingEnabled = false;
  const image = map.createImageData(width, height);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < width * height; i++) {
      const value = isEmpty ? 0 : values[k * width * height + i];
      image.data.set(shadeOf(value, largest, shades), 4 * i);
    }
    map.putImageData(image, 0, 0);
    const [x, y] = [
      (k % columns) * (tile.width + gap),
      Math.floor(k / columns) * (tile.height + gap),
    ];
    pane.drawImage(map.canvas, x, y, tile.width, tile.height);
  }
}

/** The colors of values in the theme of the moment: one list for each sign, and one color for what is no number. */
function shadesNow() {
  const [zero, positive, negative, invalid] = [
    '--zero',
    '--positive',
    '--negative',
    '--invalid',
  ].map((name) => rgb(color(name)));
  const towards = (full) =>
    Array.from({ length: shadeSteps + 1 }, (_, step) =>
      Uint8ClampedArray.of(
        ...zero.map((level, i) => level + ((full[i] - level) * step) / shadeSteps),
        255,
      ),
    );
  return {
    positive: towards(positive),
    negative: towards(negative),
    invalid: Uint8ClampedArray.of(...invalid, 255),
  };
}

function shadeOf(value, largest, { positive, negative, invalid }) {
  if (!Number.isFinite(value)) return invalid;
  // Small values would vanish on a straight scale.
  const amount = value === 0 ? 0 : Math.sqrt(Math.abs(value) / largest);
  return (value < 0 ? negative : positive)[Math.round(amount * shadeSteps)];
}

// ── canvases and colors ──

export function sized(canvas, width, height, scale = 1) {
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  if (canvas.id === '') canvas.style.width = `${width}px`;
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  return context;
}

/** A canvas to compute on, not to be seen. */
export function context(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext('2d', { willReadFrequently: true });
}

export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** `#2f5bd7` as three numbers. */
function rgb(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
