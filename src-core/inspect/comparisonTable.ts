/**
 * @file A comparison as text: one table of one line per activation, for terminals in aligned columns and for files
 * as Markdown, LaTeX or CSV, with the sentences that belong to it.
 */
import type { ComparedGroup, Figures } from './comparison.ts';
import type { Summary } from './statistics.ts';
import type { TwoRuns } from './twoRuns.ts';

export type Comparison = Figures & {
  readonly methods: string;
  readonly warnings: readonly string[];
  readonly mcNemar: TwoRuns | null;
};

/** Lines without trailing spaces, joined by newlines. */
export function comparisonTable(comparison: Figures & Partial<Comparison>): string {
  const { header, rows } = cells(comparison);
  const paragraphs = sentences(comparison).map((lines) => lines.join('\n'));
  return [aligned([header, ...rows]).join('\n'), ...paragraphs].join('\n\n');
}

const texts = { markdown, latex, csv } as const;

/** The text of a file, with a newline at its end. */
export function comparisonText(comparison: Comparison, format: keyof typeof texts): string {
  return `${texts[format](comparison)}\n`;
}

/** In paragraphs: what was found, what to keep in mind, how it was done. */
function sentences(comparison: Figures & Partial<Comparison>): string[][] {
  const { pairs, caution, mcNemar, warnings = [], methods } = comparison;
  const found = [...pairs.map(({ text }) => text), ...(mcNemar ? [mcNemar.text] : [])];
  const paragraphs = [
    found,
    caution === null ? [] : [caution],
    warnings.map((warning) => `Note: ${warning}`),
    methods === undefined ? [] : [methods],
  ];
  return paragraphs.filter((lines) => lines.length > 0);
}

type Column = readonly [heading: string, cell: (group: ComparedGroup) => string];

function cells({ groups }: Pick<Figures, 'groups'>) {
  const columns = columnsFor(groups[0]?.reaching.accuracy ?? 0);
  return {
    header: columns.map(([heading]) => heading),
    rows: groups.map((group) => columns.map(([, cell]) => cell(group))),
  };
}

function columnsFor(target: number): readonly Column[] {
  return [
    ['activation', ({ title }) => title],
    ['runs', ({ n }) => String(n)],
    ['test accuracy', ({ testAccuracy }) => spread(testAccuracy, percent)],
    ['best', ({ testAccuracy }) => shown(testAccuracy?.max, percent)],
    ['worst', ({ testAccuracy }) => shown(testAccuracy?.min, percent)],
    ['validation', ({ validationAccuracy }) => spread(validationAccuracy, percent)],
    [`epochs to ${plainPercent(target)}`, arrival],
    ['seconds', ({ seconds }) => shown(seconds?.mean, oneDecimal)],
  ];
}

/** "3.2 (4 of 5)": the mean of the runs that got there, and how many did where not all. */
function arrival({ n, reaching }: ComparedGroup): string {
  const { reached, epochs } = reaching;
  const share = reached === n ? '' : ` (${reached} of ${n})`;
  return `${shown(epochs?.mean, oneDecimal)}${share}`;
}

function spread(values: Summary | null, format: (value: number) => string): string {
  if (values === null) return absent;
  return values.sd === null ? format(values.mean) : `${format(values.mean)} ± ${format(values.sd)}`;
}

const absent = '–';

function shown(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? absent : format(value);
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const oneDecimal = (value: number): string => value.toFixed(1);
/** 97 %, not 97.00 %: a chosen round figure. */
const plainPercent = (value: number): string => `${Number((100 * value).toFixed(2))} %`;

/** Every cell as wide as its column; the first column to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function markdown(comparison: Comparison): string {
  const { header, rows } = cells(comparison);
  const line = (row: readonly string[]): string => `| ${row.map(inMarkdown).join(' | ')} |`;
  const rule = header.map((_, i) => (i === 0 ? ':--' : '--:'));
  const table = [line(header), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
  const paragraphs = sentences(comparison).map((lines) => lines.map(inMarkdown).join('  \n'));
  return [table, ...paragraphs].join('\n\n');
}

/** What a name could hold that means something there. */
const inMarkdown = (text: string): string => text.replace(/[\\`*_[\]<>|#]/g, '\\$&');

/** A table that needs no package, the sentences below it and the methods as its caption. */
function latex(comparison: Comparison): string {
  const { header, rows } = cells(comparison);
  const line = (row: readonly string[]): string => `  ${row.map(inLatex).join(' & ')} \\\\`;
  const { methods } = comparison;
  const found = sentences({ ...comparison, methods: '' }).flat();
  return [
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${inLatex(methods)}}`,
    `  \\begin{tabular}{l${'r'.repeat(header.length - 1)}}`,
    '  \\hline',
    line(header),
    '  \\hline',
    ...rows.map(line),
    '  \\hline',
    '  \\end{tabular}',
    '\\end{table}',
    ...found.filter((text) => text !== '').map((text) => `\n${inLatex(text)}`),
  ].join('\n');
}

const latexWords: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '×': '$\\times$',
  '–': '--',
  '’': "'",
};

const inLatex = (text: string): string =>
  text.replace(/[\\~^±×–’&%$#_{}]/g, (found) => latexWords[found] ?? `\\${found}`);

type Figure = readonly [name: string, of: (group: ComparedGroup) => number | string | null];

const summaryFigures = (name: string, of: (group: ComparedGroup) => Summary | null): Figure[] =>
  (['mean', 'sd', 'min', 'max'] as const).map((part) => [
    `${name}_${part}`,
    (group) => of(group)?.[part] ?? null,
  ]);

const csvColumns: readonly Figure[] = [
  ['activation', ({ title }) => title],
  ['runs', ({ n }) => n],
  ...summaryFigures('test_accuracy', (group) => group.testAccuracy),
  ...summaryFigures('validation_accuracy', (group) => group.validationAccuracy),
  ...summaryFigures('seconds', (group) => group.seconds),
  ...summaryFigures('samples_per_second', (group) => group.samplesPerSecond),
  ['target_accuracy', ({ reaching }) => reaching.accuracy],
  ['reached_target', ({ reaching }) => reaching.reached],
  ...summaryFigures('epochs_to_target', ({ reaching }) => reaching.epochs),
  ...summaryFigures('seconds_to_target', ({ reaching }) => reaching.seconds),
  ['run_names', ({ runs }) => runs.join(' ')],
];

/** All digits, accuracies 0 … 1; what there is none of is empty (RFC 4180). The sentences are not data. */
function csv({ groups }: Comparison): string {
  const lines = groups.map((group) => csvColumns.map(([, of]) => of(group)));
  return [csvColumns.map(([name]) => name), ...lines]
    .map((row) => row.map(inCsv).join(','))
    .join('\n');
}

function inCsv(value: number | string | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
