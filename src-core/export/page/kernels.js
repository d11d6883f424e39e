/**
 * @file The functions that the program of an exported page calls: x is read, y is written, arrays are float32. An
 * exported page carries this very text.
 */

export const add = (a, b) => a + b;
export const sub = (a, b) => a - b;
export const mul = (a, b) => a * b;
export const div = (a, b) => a / b;
export const max = (a, b) => (a < b ? b : a);
export const sqrt = (x) => Math.sqrt(x);
export const tanh = (x) => Math.tanh(x);
export const sigmoid = (x) => 1 / (1 + Math.exp(-x));
export const relu = (x) => (x < 0 ? 0 : x);
export const softplus = (x) => relu(x) + Math.log1p(Math.exp(-Math.abs(x)));
export const elu = (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x);
export const leakyRelu = (x, alpha) => (x < 0 ? alpha * x : x);
export const prelu = (x, slope) => (x < 0 ? slope * x : x);
export const greater = (a, b) => (a > b ? 1 : 0);

/** 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·5·…·(2n+1)): all terms have one sign, so nothing cancels. */
export function erf(x) {
  // Here float32 cannot tell it from ±1.
  if (Math.abs(x) > 4) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-10; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Weights [outputs, inputs]. */
export function dense(x, y, kernel) {
  product(x, y, kernel, 0, 1);
}

/** Weights [outputs, channels, height, width]. What one position of the window sees serves all outputs. */
export function conv(x, y, kernel, window) {
  const size = window.rows * window.columns;
  const patch = new Float32Array(kernel.inputs);
  for (let position = 0; position < size; position++) {
    cutPatch(x, patch, position, window);
    product(patch, y, kernel, position, size);
  }
}

/** y[start + o·stride] = bias[o] + Σ x[i]·weights[o, i]; four outputs at a time, which is the fastest by far. */
function product(x, y, { weights, bias, inputs, outputs }, start, stride) {
  let o = 0;
  for (; o + 3 < outputs; o += 4) {
    const first = o * inputs;
    const second = first + inputs;
    const third = second + inputs;
    const fourth = third + inputs;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < inputs; i++) {
      const value = x[i];
      a += value * weights[first + i];
      b += value * weights[second + i];
      c += value * weights[third + i];
      d += value * weights[fourth + i];
    }
    y[start + o * stride] = a + bias[o];
    y[start + (o + 1) * stride] = b + bias[o + 1];
    y[start + (o + 2) * stride] = c + bias[o + 2];
    y[start + (o + 3) * stride] = d + bias[o + 3];
  }
  for (; o < outputs; o++) {
    let sum = bias[o];
    for (let i = 0; i < inputs; i++) sum += x[i] * weights[o * inputs + i];
    y[start + o * stride] = sum;
  }
}

/** The pixels under the window, zeros outside of the image. */
function cutPatch(x, patch, position, window) {
  const { channels, height, width, kernelHeight, kernelWidth, down, across } = window;
  const top = Math.floor(position / window.columns) * down - window.padTop;
  const left = (position % window.columns) * across - window.padLeft;
  for (let c = 0, at = 0; c < channels; c++)
    for (let row = top; row < top + kernelHeight; row++)
      for (let column = left; column < left + kernelWidth; column++) {
        const isInside = row >= 0 && row < height && column >= 0 && column < width;
        patch[at++] = isInside ? x[(c * height + row) * width + column] : 0;
      }
}

export function maxPool(x, y, window) {
  pool(x, y, window, -Infinity, max, false);
}

/** Places outside of the image do not count. */
export function averagePool(x, y, window) {
  pool(x, y, window, 0, add, true);
}

/** Joins what every position of the window sees of each channel. */
function pool(x, y, window, start, join, isMean) {
  const { channels, height, width, kernelHeight, kernelWidth, rows, columns } = window;
  for (let at = 0; at < channels * rows * columns; at++) {
    const channel = Math.floor(at / (rows * columns)) * height * width;
    const top = (Math.floor(at / columns) % rows) * window.down - window.padTop;
    const left = (at % columns) * window.across - window.padLeft;
    let joined = start;
    let seen = 0;
    for (let row = top; row < top + kernelHeight; row++)
      for (let column = left; column < left + kernelWidth; column++) {
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        joined = join(joined, x[channel + row * width + column]);
        seen++;
      }
    y[at] = isMean ? joined / seen : joined;
  }
}

export function mean(x, y, channels, length) {
  for (let c = 0, at = 0; c < channels; c++) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += x[at++];
    y[c] = sum / length;
  }
}

export function softmax(x, y, length) {
  let largest = -Infinity;
  for (let k = 0; k < length; k++) largest = Math.max(largest, x[k]);
  let sum = 0;
  for (let k = 0; k < length; k++) sum += Math.exp(x[k] - largest);
  for (let k = 0; k < length; k++) y[k] = Math.exp(x[k] - largest) / sum;
}

/** Little-endian float32 values in base64. */
export function floats(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
