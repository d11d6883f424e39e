/**
 * @file `npm run bench`: measures, tells, and writes bench/RESULTS.md. With names, only those. The order is that of
 * the table: what compares speeds comes first, while the machine has done nothing else.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accuracy } from './accuracy.ts';
import { createBench, type Benchmark } from './bench.ts';
import { charts } from './charts.ts';
import { digitsMade } from './digits.ts';
import { drawing } from './drawing.ts';
import { exports } from './export.ts';
import { imports } from './import.ts';
import { inspecting } from './inspect.ts';
import { lab } from './lab.ts';
import { live } from './live.ts';
import { loop } from './loop.ts';
import { machine } from './machine.ts';
import { mapping } from './map.ts';
import { responsive } from './responsive.ts';
import { sectionOf, storeSection } from './results.ts';
import { training } from './training.ts';
import { appWindow } from './window.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  training,
  loop,
  responsive,
  import: imports,
  digits: digitsMade,
  accuracy,
  export: exports,
  window: appWindow,
  charts,
  live,
  lab,
  inspect: inspecting,
  drawing,
  map: mapping,
};
const names = Object.keys(benchmarks);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exitCode = 2;
} else await measure(asked.length > 0 ? names.filter((name) => asked.includes(name)) : names);

async function measure(chosen: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGINT', () => process.exit(130));
  const bench = createBench(folder);
  for (const name of chosen) {
    const { about, run } = benchmarks[name]!;
    const found = machine();
    const section = sectionOf(name, about, found, await run(bench));
    console.log(section);
    storeSection(name, section, names);
  }
}
