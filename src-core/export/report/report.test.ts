/** @file A report holds what was measured, names are only names in it, and a file that was changed is noticed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixture.ts';
import { dataOfPage, reportPage } from './page.ts';
import type { EpochData, Figure, ReportData } from './reportData.ts';
import { toCsv } from './tables.ts';
import { reportWriting } from './writeReport.ts';

const hostile = '</script><img src=x onerror=alert(1)>"\'&\u0000';

function epoch(number: number, loss: Figure): EpochData {
  const score = { loss, accuracy: 0.5 };
  const health = { gradientNorm: 1, deadShare: 0, saturatedShare: 0.25 };
  const layer = { layer: 'dense1', activation: 'relu', ...health };
  return {
    ...{ epoch: number, step: 10 * number, seconds: number, learningRate: 0.1 },
    ...{ train: score, validation: null, samplesPerSecond: 100 },
    layers: [{ ...layer, activationMean: 0, activationSd: 1 }],
  };
}

const calibration = {
  error: 0.1,
  bins: [{ from: 0, to: 1, count: 4, confidence: 0.6, accuracy: 0.5 }],
};
const figures = { support: 2, predicted: 2, precision: 0.5, recall: null, f1: 0.5 };
const data: ReportData = {
  format: 'inkling-report-1',
  run: 'r7',
  name: hostile,
  classes: [hostile, '=1+1'],
  facts: [['Dataset', hostile]],
  warnings: [hostile],
  ...{ spec: {}, options: {}, versions: { [hostile]: hostile }, snapshot: {}, result: {} },
  epochs: [epoch(1, 2), epoch(2, 'NaN'), epoch(3, 1)],
  evaluations: [
    {
      ...{ part: 'test', samples: 4, accuracy: 0.5, calibration, perClass: [figures, figures] },
      confusion: [
        [1, 1],
        [1, 1],
      ],
      mistakes: [{ image: hostile, label: hostile, predicted: '=1+1', confidence: 0.9 }],
    },
  ],
};

test('hostile names are text, and nothing else is in the page than what belongs there', () => {
  const page = reportPage(data);
  expect(page).not.toContain('<img');
  expect(page).not.toContain('\u0000');
  expect(page.match(/<\/?script/g)).toHaveLength(2);
  expect(page.replace(/<script[^]*<\/script>/, '')).not.toMatch(/<[^>]*\son\w+=/);
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(page).toContain("default-src 'none'".replaceAll("'", '&#39;'));
  expect(dataOfPage(page)).toEqual(data);
});

test('a loss that is no number breaks its line and is told', () => {
  const page = reportPage(data);
  expect(page).toContain('1 values are no finite numbers');
  // Two pieces of a point each.
  const line = /class="line c0"\s+d="([^"]*)"/.exec(page)![1]!;
  expect(line.match(/M/g)).toHaveLength(2);
});

test('CSV cells keep commas, quotes and lines, and no formula starts one', () => {
  const table = [['a,"b"\n', '=1+1', '-1+1', -1, '-Infinity', null]];
  expect(toCsv(table)).toBe(`"a,""b""\n",'=1+1,'-1+1,-1,-Infinity,""\r\n`);
});

test('all files are read back, and one that was changed is noticed', async () => {
  const folder = temporaryFolder();
  const writing = reportWriting(data, [{ firstStep: 1, series: { loss: [0.5, 'NaN'] } }]);
  const names = await writing.write(folder);
  expect(names).toEqual([
    'r7-report.html',
    'r7-report.json',
    'r7-epochs.csv',
    'r7-confusion.csv',
    'r7-classes.csv',
  ]);
  expect(await writing.check(folder, names)).toEqual({ kind: 'parsed-back', files: 5 });
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replaceAll('0.5', '0.6'));
    if (!text.includes('0.5')) writeFileSync(join(folder, name), text.replace('1', '2'));
    await expect(writing.check(folder, names)).rejects.toMatchObject({ code: 'export-damaged' });
    writeFileSync(join(folder, name), text);
  }
});
