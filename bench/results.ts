/** @file bench/RESULTS.md: a section for each benchmark, replaced when that benchmark is run again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings, Row } from './measure.ts';

const file = join(import.meta.dirname, 'RESULTS.md');

const head = `# Benchmarks

Written by \`npm run bench\`; \`npm run bench -- NAME…\` measures only those named and replaces their sections. Each
section says where and when it was measured. Speeds of shared machines vary by a third from hour to hour; ratios hold
better.
`;

/** Puts in a section in place of the one of that name, and keeps the others, in the order of `names`. */
export function storeSection(name: string, section: string, names: readonly string[]): void {
  const sections = new Map([...storedSections(), [name, section]]);
  const kept = names.flatMap((each) => sections.get(each) ?? []);
  writeFileSync(file, [head, ...kept].join('\n'));
}

export function sectionOf(
  name: string,
  about: string,
  machine: string,
  { rows, notes }: Findings,
): string {
  const table = rows.length > 0 ? [tableOf(rows)] : [];
  return `${[`## ${name}`, about, ...table, ...notes, `_${machine}_`].join('\n\n')}\n`;
}

function storedSections(): [name: string, section: string][] {
  if (!existsSync(file)) return [];
  const [, ...sections] = readFileSync(file, 'utf8').split(/^## /m);
  return sections.map((text) => [text.slice(0, text.indexOf('\n')), `## ${text.trimEnd()}\n`]);
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, figure, bar, holds }) => `| ${what} | ${figure} | ${bar} | ${verdict(holds)} |`,
  );
  return ['| what | figure | bar | holds |', '| --- | ---: | ---: | --- |', ...lines].join('\n');
}

function verdict(holds: boolean | null): string {
  if (holds === null) return '';
  return holds ? 'yes' : '**no**';
}
