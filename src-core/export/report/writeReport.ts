/** @file A report's files, and the check that they hold what they were made of. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'csv-parse/sync';
import { failure } from '../../errors.ts';
import type { Writing } from '../exportNetwork.ts';
import { dataOfPage, reportPage } from './page.ts';
import type { ReportData, StepData } from './reportData.ts';
import { cellsOf, tablesOf, toCsv } from './tables.ts';

/** The page to open, everything as JSON, and the tables. */
export function reportWriting(data: ReportData, steps: readonly StepData[]): Writing {
  const all = { ...data, steps };
  const tables = Object.entries(tablesOf(data));
  const [page, json] = [`${data.run}-report.html`, `${data.run}-report.json`];
  const csvName = (table: string) => `${data.run}-${table}.csv`;
  return {
    async write(folder) {
      const put = (file: string, text: string) =>
        writeFile(join(folder, file), text, { flush: true });
      await put(page, reportPage(data));
      await put(json, `${JSON.stringify(all)}\n`);
      for (const [name, table] of tables) await put(csvName(name), toCsv(table));
      return [page, json, ...tables.map(([name]) => csvName(name))];
    },

    async check(folder, names) {
      const text = (file: string) => readFile(join(folder, file), 'utf8');
      const same = (file: string, found: unknown, written: unknown) => {
        if (!isDeepStrictEqual(found, written))
          throw failure('export-damaged', { file, array: 'all figures' });
      };
      same(page, dataOfPage(await text(page)), data);
      same(json, JSON.parse(await text(json)), all);
      for (const [name, table] of tables)
        same(csvName(name), parse(await text(csvName(name))), cellsOf(table));
      return { kind: 'parsed-back', files: names.length };
    },
  };
}
