/**
 * @file The functions a C header is made of, in C99 that C++ reads as well. `P_` stands for the header's own prefix;
 * `KIND`, `WEIGHT`, `SCALES` and `SCALED` differ between float and int8 weights. A header holds those that it uses.
 */
import type { FunctionName } from '../program/calls.ts';

const helpers = {
  add: 'float P_add(float a, float b) { return a + b; }',
  sub: 'float P_sub(float a, float b) { return a - b; }',
  mul: 'float P_mul(float a, float b) { return a * b; }',
  div: 'float P_div(float a, float b) { return a / b; }',
  max: 'float P_max(float a, float b) { return a < b ? b : a; }',
  sqrt: 'float P_sqrt(float x) { return sqrtf(x); }',
  tanh: 'float P_tanh(float x) { return tanhf(x); }',
  sigmoid: 'float P_sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }',
  erf: 'float P_erf(float x) { return erff(x); }',
  relu: 'float P_relu(float x) { return x < 0.0f ? 0.0f : x; }',
  softplus: 'float P_softplus(float x) { return P_relu(x) + log1pf(expf(-fabsf(x))); }',
  elu: 'float P_elu(float x, float alpha) { return x < 0.0f ? alpha * expm1f(x) : x; }',
  leakyRelu: 'float P_leaky_relu(float x, float alpha) { return x < 0.0f ? alpha * x : x; }',
  prelu: 'float P_prelu(float x, float slope) { return x < 0.0f ? slope * x : x; }',
  greater: 'float P_greater(float a, float b) { return a > b ? 1.0f : 0.0f; }',

  /* Four sums: faster than one, and rounded less. */
  dense: `void P_denseKIND(const float *x, float *y, const WEIGHT *w, SCALES const float *bias,
                    int32_t inputs, int32_t outputs) {
  for (int32_t o = 0; o < outputs; o++) {
    const WEIGHT *row = w + o * inputs;
    float a = 0.0f, b = 0.0f, c = 0.0f, d = 0.0f;
    int32_t i = 0;
    for (; i + 3 < inputs; i += 4) {
      a += x[i] * (float)row[i];
      b += x[i + 1] * (float)row[i + 1];
      c += x[i + 2] * (float)row[i + 2];
      d += x[i + 3] * (float)row[i + 3];
    }
    for (; i < inputs; i++) a += x[i] * (float)row[i];
    y[o] = ((a + b) + (c + d)) SCALED + bias[o];
  }
}`,

  /* Window positions first ... end - 1 at which place k of the window lies inside the image. */
  first: `int32_t P_first(int32_t k, int32_t pad, int32_t stride) {
  return k < pad ? (pad - k + stride - 1) / stride : 0;
}`,
  end: `int32_t P_end(int32_t k, int32_t pad, int32_t stride, int32_t length, int32_t positions) {
  const int32_t last = length - 1 - k + pad;
  const int32_t end = last < 0 ? 0 : last / stride + 1;
  return end < positions ? end : positions;
}`,

  /* One channel of a convolution, without its bias. */
  plane: `void P_planeKIND(const float *x, float *y, const WEIGHT *w, const P_window *g) {
  memset(y, 0, (size_t)(g->rows * g->columns) * sizeof *y);
  for (int32_t c = 0; c < g->channels; c++)
    for (int32_t ky = 0; ky < g->kernel_height; ky++)
      for (int32_t kx = 0; kx < g->kernel_width; kx++) {
        const float weight = (float)*w++;
        const int32_t row_end = P_end(ky, g->pad_top, g->down, g->height, g->rows);
        const int32_t column = P_first(kx, g->pad_left, g->across);
        const int32_t column_end = P_end(kx, g->pad_left, g->across, g->width, g->columns);
        for (int32_t r = P_first(ky, g->pad_top, g->down); r < row_end; r++) {
          const float *from = x + (c * g->height + r * g->down + ky - g->pad_top) * g->width;
          float *to = y + r * g->columns;
          for (int32_t q = column; q < column_end; q++)
            to[q] += weight * from[q * g->across + kx - g->pad_left];
        }
      }
}`,
  conv: `void P_convKIND(const float *x, float *y, const WEIGHT *w, SCALES const float *bias,
                   int32_t inputs, int32_t outputs, const P_window *g) {
  const int32_t size = g->rows * g->columns;
  for (int32_t o = 0; o < outputs; o++) {
    P_planeKIND(x, y + o * size, w + o * inputs, g);
    for (int32_t i = o * size; i < (o + 1) * size; i++) y[i] = y[i] SCALED + bias[o];
  }
}`,
  /* A convolution of which only the largest value of every pool is kept. */
  pooledConv: `void P_pooled_convKIND(const float *x, float *y, float *plane, const WEIGHT *w, SCALES const float *bias,
                          int32_t inputs, int32_t outputs, const P_window *g,
                          int32_t pool_height, int32_t pool_width) {
  const int32_t rows = g->rows / pool_height, columns = g->columns / pool_width;
  for (int32_t o = 0; o < outputs; o++) {
    P_planeKIND(x, plane, w + o * inputs, g);
    for (int32_t r = 0; r < rows; r++)
      for (int32_t q = 0; q < columns; q++) {
        const float *from = plane + r * pool_height * g->columns + q * pool_width;
        float best = *from;
        for (int32_t i = 0; i < pool_height; i++)
          for (int32_t j = 0; j < pool_width; j++)
            if (from[i * g->columns + j] > best) best = from[i * g->columns + j];
        *y++ = best SCALED + bias[o];
      }
  }
}`,
  maxPool: `void P_max_pool(const float *x, float *y, const P_window *g) {
  for (int32_t c = 0; c < g->channels; c++, x += g->height * g->width)
    for (int32_t r = 0; r < g->rows; r++)
      for (int32_t q = 0; q < g->columns; q++) {
        float best = -INFINITY;
        for (int32_t ky = 0; ky < g->kernel_height; ky++)
          for (int32_t kx = 0; kx < g->kernel_width; kx++) {
            const int32_t row = r * g->down + ky - g->pad_top;
            const int32_t column = q * g->across + kx - g->pad_left;
            if (row < 0 || row >= g->height || column < 0 || column >= g->width) continue;
            if (!(x[row * g->width + column] <= best)) best = x[row * g->width + column];
          }
        *y++ = best;
      }
}`,
  /* Places outside of the image do not count. */
  averagePool: `void P_average_pool(const float *x, float *y, const P_window *g) {
  for (int32_t c = 0; c < g->channels; c++, x += g->height * g->width)
    for (int32_t r = 0; r < g->rows; r++)
      for (int32_t q = 0; q < g->columns; q++) {
        float sum = 0.0f;
        int32_t inside = 0;
        for (int32_t ky = 0; ky < g->kernel_height; ky++)
          for (int32_t kx = 0; kx < g->kernel_width; kx++) {
            const int32_t row = r * g->down + ky - g->pad_top;
            const int32_t column = q * g->across + kx - g->pad_left;
            if (row < 0 || row >= g->height || column < 0 || column >= g->width) continue;
            sum += x[row * g->width + column];
            inside++;
          }
        *y++ = sum / (float)inside;
      }
}`,
  mean: `void P_mean(const float *x, float *y, int32_t channels, int32_t length) {
  for (int32_t c = 0; c < channels; c++) {
    float sum = 0.0f;
    for (int32_t i = 0; i < length; i++) sum += *x++;
    *y++ = sum / (float)length;
  }
}`,
  softmax: `void P_softmax(const float *x, float *y, int32_t length) {
  float largest = x[0], sum = 0.0f;
  for (int32_t k = 1; k < length; k++)
    if (x[k] > largest) largest = x[k];
  for (int32_t k = 0; k < length; k++) sum += y[k] = expf(x[k] - largest);
  for (int32_t k = 0; k < length; k++) y[k] /= sum;
}`,
} satisfies Record<FunctionName | 'first' | 'end' | 'plane', string>;

const kinds = [
  { KIND: '', WEIGHT: 'float', ' SCALES': '', ' SCALED': '' },
  { KIND: '_int8', WEIGHT: 'int8_t', SCALES: 'const float *scale,', SCALED: '* scale[o]' },
];

/** Each with its name, and after those that it calls. */
export const cFunctions = Object.values(helpers).flatMap(variantsOf);

/** One for each kind of weights, where it takes weights. */
function variantsOf(helper: string): (readonly [name: string, code: string])[] {
  const spelled = helper.includes('WEIGHT')
    ? kinds.map((words) =>
        Object.entries(words).reduce((text, [word, by]) => text.replaceAll(word, by), helper),
      )
    : [helper];
  return spelled.map((code) => [/P_\w+/.exec(code)![0], code]);
}

/** A window over an image, the last argument of many of the functions. */
export const cWindow = `typedef struct {
  int32_t channels, height, width, kernel_height, kernel_width;
  int32_t down, across, pad_top, pad_left, rows, columns;
} P_window;`;
