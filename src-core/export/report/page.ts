/** @file The page of a report: one HTML file that runs no script and asks for nothing, light, dark and on paper. */
import { createHash } from 'node:crypto';
import { confusionFigure, lineChart, reliability, type Series } from './figures.ts';
import { html, markup, type Markup } from './markup.ts';
import {
  percent,
  shown,
  type EvaluationData,
  type LayerData,
  type ReportData,
} from './reportData.ts';
import { style } from './style.ts';

export function reportPage(data: ReportData): string {
  const title = `${data.name ?? data.run}: report`;
  return `<!doctype html>
${
  html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${policy}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="generator" content="Inkling" />
      <title>${title}</title>
      ${markup(`<style>${style}</style>`)}
    </head>
    <body>
      <main>
        <header><h1>${title}</h1></header>
        ${section('The run', [factTable(data.facts), ...warnings(data.warnings)])}
        ${section('Learning curves', curves(data))}
        ${data.evaluations.map((judged) => section(`Answers to the ${judged.part} images`, answers(judged, data.classes)))}
        ${section('Health of the layers', health(data))} ${section('Settings', [settings(data)])}
      </main>
      ${embedded(data)}
    </body>
  </html> `.text
}`;
}

/** Nothing runs and nothing is fetched; JSON in a script element is data. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const opening = '<script type="application/json" id="measured">';

/** JSON that an HTML parser reads over: no `<` begins a tag or a comment. */
function embedded(data: ReportData): Markup {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return markup(`${opening}${json}</script>`);
}

/** The data of a page, as anyone's program would read them. */
export function dataOfPage(page: string): unknown {
  const start = page.indexOf(opening);
  if (start < 0) return undefined;
  const from = start + opening.length;
  return JSON.parse(page.slice(from, page.indexOf('</script>', from)));
}

function section(title: string, content: readonly Markup[]): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function factTable(facts: ReportData['facts']): Markup {
  return html`<table class="facts">
    <tbody>
      ${facts.map(rowOf)}
    </tbody>
  </table>`;
}

type Cell = string | number;

/** The first cell of a row says what it is about. */
function table(heads: readonly string[], rows: readonly (readonly Cell[])[], caption = ''): Markup {
  const title =
    caption === ''
      ? []
      : html`<caption>
          ${caption}
        </caption>`;
  return html`<table>
    ${title}
    <thead>
      <tr>
        ${heads.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(rowOf)}
    </tbody>
  </table>`;
}

function rowOf([first = '', ...rest]: readonly Cell[]): Markup {
  return html`<tr>
    <th scope="row">${first}</th>
    ${rest.map((cell) => html`<td>${cell}</td>`)}
  </tr>`;
}

function warnings(sentences: readonly string[]): Markup[] {
  return sentences.map((sentence) => html`<p class="warning">${sentence}</p>`);
}

function curves({ epochs }: ReportData): Markup[] {
  const x = epochs.map(({ epoch }) => epoch);
  const both = (figure: 'loss' | 'accuracy'): Series[] => [
    { name: 'training', x, y: epochs.map(({ train }) => train[figure]) },
    { name: 'validation', x, y: epochs.map(({ validation }) => validation?.[figure] ?? null) },
  ];
  return [
    html`<div class="row">
      ${[
        lineChart('Loss', both('loss'), 'epoch'),
        lineChart('Accuracy', both('accuracy'), 'epoch'),
      ]}
    </div>`,
  ];
}

function answers(judged: EvaluationData, classes: readonly string[]): Markup[] {
  const { samples, accuracy, confusion, perClass, calibration, mistakes } = judged;
  const rows = perClass.map(({ support, predicted, precision, recall, f1 }, k) => [
    ...[classes[k]!, support, predicted],
    ...[precision, recall, f1].map(percent),
  ]);
  return [
    html`<p>${percent(accuracy)} of ${samples} answers are right.</p>`,
    html`<div class="row">
      ${[confusionFigure(confusion, classes), reliability(calibration.bins, calibration.error)]}
    </div>`,
    table(['class', 'images', 'answers', 'precision', 'recall', 'F1'], rows),
    ...mistakeTable(mistakes),
  ];
}

function mistakeTable(mistakes: EvaluationData['mistakes']): Markup[] {
  if (mistakes.length === 0) return [];
  const rows = mistakes.map(({ image, label, predicted, confidence }) => [
    image,
    label,
    predicted,
    percent(confidence),
  ]);
  return [
    html`<h3>The surest mistakes</h3>`,
    table(['image', 'label', 'answer', 'confidence'], rows),
  ];
}

function health({ epochs }: ReportData): Markup[] {
  const x = epochs.map(({ epoch }) => epoch);
  const layers = epochs[0]?.layers.map(({ layer }) => layer) ?? [];
  const over = (figure: 'gradientNorm' | 'deadShare' | 'saturatedShare'): Series[] =>
    layers.map((name) => ({
      name,
      x,
      y: epochs.map((each) => each.layers.find(({ layer }) => layer === name)?.[figure] ?? null),
    }));
  return [
    html`<div class="row">
      ${[
        lineChart('Gradient norm', over('gradientNorm'), 'epoch'),
        lineChart('Share of dead units', over('deadShare'), 'epoch'),
        lineChart('Share of saturated outputs', over('saturatedShare'), 'epoch'),
      ]}
    </div>`,
    lastHealth(epochs.at(-1)?.layers ?? []),
  ];
}

function lastHealth(layers: readonly LayerData[]): Markup {
  const rows = layers.map((each) => [
    ...[each.layer, each.activation, shown(each.gradientNorm)],
    ...[each.deadShare, each.saturatedShare].map(percent),
    shown(each.activationMean),
    shown(each.activationSd),
  ]);
  const measures = ['gradient norm', 'dead', 'saturated', 'mean', 'deviation'];
  return table(['layer', 'activation', ...measures], rows, 'After the last epoch');
}

function settings({ spec, options, versions, snapshot, result }: ReportData): Markup {
  const all = { spec, options, versions, snapshot, result };
  return html`<pre>${JSON.stringify(all, null, 2)}</pre>`;
}
