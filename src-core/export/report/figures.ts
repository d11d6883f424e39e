/** @file The figures of a report as SVG. Colors come from the style of the page, so that they follow light and dark. */
import { html, type Markup } from './markup.ts';
import { percent, shown, type BinData, type Figure } from './reportData.ts';

export type Series = {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly (Figure | null)[];
};

/** Pixels of a chart in its own coordinates: the plot lies inside these margins. */
const size = { width: 460, height: 240, left: 58, right: 12, top: 10, bottom: 30 };
const plot = {
  width: size.width - size.left - size.right,
  height: size.height - size.top - size.bottom,
};
/** As many as the style has colors for; further ones repeat them. */
const colorCount = 8;

/** Lines over epochs. What is no finite number breaks the line and is said below it. */
export function lineChart(title: string, series: readonly Series[], xName: string): Markup {
  const points = series.flatMap(({ x, y }) =>
    y.flatMap((value, i) => (isFinite(value) ? [[x[i]!, value] as const] : [])),
  );
  const gaps = series.reduce(
    (sum, { y }) => sum + y.filter((v) => v !== null && !isFinite(v)).length,
    0,
  );
  if (points.length === 0)
    return html`<figure><figcaption>${title}: no figures</figcaption></figure>`;
  const xRange = rangeOf(points.map(([x]) => x));
  const yRange = rangeOf(points.map(([, y]) => y));
  const note = gaps === 0 ? '' : ` ${gaps} values are no finite numbers and left out.`;
  return html`<figure>
    <svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}">
      ${axes(xRange, yRange, xName)} ${series.map((one, i) => line(one, i, xRange, yRange))}
    </svg>
    <figcaption>${title}.${note} ${legend(series)}</figcaption>
  </figure>`;
}

/** JSON's words for what is not finite are no numbers. */
function isFinite(value: Figure | null): value is number {
  return typeof value === 'number';
}

type Range = { readonly min: number; readonly max: number };

/** A little more than none, so that equal values have a place. */
function rangeOf(values: readonly number[]): Range {
  const min = values.reduce((a, b) => Math.min(a, b));
  const max = values.reduce((a, b) => Math.max(a, b));
  if (max > min) return { min, max };
  const around = Math.abs(min) / 10 || 1;
  return { min: min - around, max: max + around };
}

const atX = (x: number, { min, max }: Range): number =>
  round(size.left + ((x - min) / (max - min)) * plot.width);
const atY = (y: number, { min, max }: Range): number =>
  round(size.top + (1 - (y - min) / (max - min)) * plot.height);
const round = (value: number): number => Math.round(value * 100) / 100;

function line({ x, y }: Series, index: number, xRange: Range, yRange: Range): Markup {
  let isDown = false;
  const path = y.flatMap((value, i) => {
    if (!isFinite(value)) {
      isDown = false;
      return [];
    }
    const move = isDown ? 'L' : 'M';
    isDown = true;
    return [`${move}${atX(x[i]!, xRange)} ${atY(value, yRange)}`];
  });
  // A single point is a line to itself, and round ends make it seen.
  const drawn = path.length === 1 ? `${path[0]!} h0` : path.join(' ');
  return html`<path class="line c${index % colorCount}" d="${drawn}" />`;
}

function legend(series: readonly Series[]): readonly Markup[] {
  if (series.length < 2) return [];
  return series.map(
    ({ name }, i) => html`<span class="key"><i class="c${i % colorCount}"></i>${name}</span>`,
  );
}

const ticks = [0, 0.25, 0.5, 0.75, 1];

function axes(xRange: Range, yRange: Range, xName: string): readonly Markup[] {
  const bottom = size.top + plot.height;
  const between = ({ min, max }: Range, share: number) => min + share * (max - min);
  return [
    ...ticks.map((share) => {
      const y = round(bottom - share * plot.height);
      const label = shown(between(yRange, share), 3);
      return html`<line
          class="grid"
          x1="${size.left}"
          x2="${size.width - size.right}"
          y1="${y}"
          y2="${y}"
        />
        <text class="tick" x="${size.left - 6}" y="${y + 4}" text-anchor="end">${label}</text>`;
    }),
    ...[0, 1].map((share) => {
      const x = round(size.left + share * plot.width);
      const label = shown(between(xRange, share), 6);
      const anchor = share === 0 ? 'start' : 'end';
      return html`<text class="tick" x="${x}" y="${bottom + 16}" text-anchor="${anchor}"
        >${label}</text
      >`;
    }),
    html`<text
      class="tick"
      x="${size.left + plot.width / 2}"
      y="${bottom + 16}"
      text-anchor="middle"
      >${xName}</text
    >`,
  ];
}

/** How often answers of each confidence are right; the closer to the diagonal, the better calibrated. */
export function reliability(bins: readonly BinData[], error: Figure | null): Markup {
  const unit = { min: 0, max: 1 };
  const most = bins.reduce((max, { count }) => Math.max(max, count), 1);
  const bars = bins.flatMap(({ from, to, count, accuracy }) => {
    if (count === 0 || !isFinite(accuracy)) return [];
    const [left, right] = [atX(from, unit), atX(to, unit)];
    const top = atY(accuracy, unit);
    // The fewer answers, the paler the bar.
    const opacity = round(0.25 + 0.75 * (count / most));
    const told = `${percent(from)} to ${percent(to)}: ${count} answers, ${percent(accuracy)} right`;
    return [
      html`<rect
        class="bar"
        x="${left + 1}"
        y="${top}"
        width="${round(right - left - 2)}"
        height="${round(size.top + plot.height - top)}"
        opacity="${opacity}"
        ><title>${told}</title></rect
      >`,
    ];
  });
  return html`<figure>
    <svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="Reliability">
      ${axes(unit, unit, 'confidence')} ${bars}
      <line
        class="diagonal"
        x1="${atX(0, unit)}"
        y1="${atY(0, unit)}"
        x2="${atX(1, unit)}"
        y2="${atY(1, unit)}"
      />
    </svg>
    <figcaption>
      Reliability: share of right answers by confidence, pale where they are few. Expected
      calibration error ${percent(error)}.
    </figcaption>
  </figure>`;
}

/** More cells than this are no figure: the CSV has them all. */
const matrixClassesMax = 30;

/** Pixels of a cell, and of the space for names. */
const cell = 26;
const nameSpace = 114;

export function confusionFigure(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): Markup {
  if (classes.length > matrixClassesMax)
    return html`<p class="secondary">
      ${classes.length} classes are too many for a figure: the confusion matrix is in the CSV file.
    </p>`;
  // What the longest name leaves free is cut off.
  const free = nameSpace - Math.max(...classes.map((name) => 16 + 7 * short(name).length));
  const side = nameSpace - free + cell * classes.length + 4;
  const rows = confusion.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) => {
      const told = `${classes[i]!} taken for ${classes[j]!}: ${count} of ${total}`;
      return confusionCell(i, j, count, { told, share: total === 0 ? 0 : count / total });
    });
  });
  return html`<figure class="matrix">
    <svg
      viewBox="${free} ${free} ${side} ${side}"
      width="${side}"
      role="img"
      aria-label="Confusion matrix"
    >
      ${classes.flatMap(confusionNames)} ${rows}
    </svg>
    <figcaption>
      Confusion: each row is a label, each column an answer; the darker, the larger the share of the
      row.
    </figcaption>
  </figure>`;
}

function confusionCell(
  row: number,
  column: number,
  count: number,
  { told, share }: { readonly told: string; readonly share: number },
): Markup {
  const [x, y] = [nameSpace + column * cell, nameSpace + row * cell];
  const place = html`x="${x}" y="${y}" width="${cell}" height="${cell}"`;
  const kind = row === column ? 'right' : 'wrong';
  const number = html`<text
    class="count"
    x="${x + cell / 2}"
    y="${y + cell / 2 + 3}"
    text-anchor="middle"
    >${count}</text
  >`;
  return html`<g
    ><title>${told}</title><rect class="cell" ${place} /><rect
      class="${kind}"
      ${place}
      opacity="${round(share)}"
    />${count === 0 ? [] : [number]}</g
  >`;
}

/** Of a class, beside its row and above its column. */
function confusionNames(name: string, k: number): Markup[] {
  const middle = nameSpace + k * cell + cell / 2 + 4;
  return [
    html`<text class="tick" x="${nameSpace - 6}" y="${middle}" text-anchor="end"
      >${short(name)}</text
    >`,
    html`<text class="tick" transform="translate(${middle} ${nameSpace - 6}) rotate(-90)"
      >${short(name)}</text
    >`,
  ];
}

/** As much of a name as there is room for. */
function short(name: string): string {
  const characters = [...name];
  return characters.length <= 14 ? name : `${characters.slice(0, 13).join('')}…`;
}
