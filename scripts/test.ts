/**
 * @file `npm test`: every check of the project, as CI runs it. Each line tells one check and its time; what a
 * check printed is shown only when it failed. The last line is `N passed, N failed`, in which a test counts
 * as one and a static check counts as one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';

type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };
type Outcome = { readonly ok: boolean; readonly output: string; readonly seconds: number };
type Check = {
  readonly name: string;
  readonly command: readonly string[];
  readonly count: (outcome: Outcome) => Counts;
};

/** What is read of vitest's JSON report. */
const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'inkling-test-'));

/** No check may hang the whole: all of them together are to take under six minutes on two cores. */
const checkLimitMs = 10 * 60_000;
/** Two cores are assumed: the static checks share them, and the tests, which use both, begin when one of them is free. */
const staticLanes = 2;

/** The longest first. */
const staticChecks: readonly Check[] = [
  {
    name: 'page',
    command: [
      'svelte-check/bin/svelte-check',
      '--tsconfig=src-renderer/tsconfig.json',
      '--fail-on-warnings',
    ],
    count: asOne,
  },
  { name: 'format', command: ['prettier/bin/prettier.cjs', '--check', '.'], count: asOne },
  { name: 'types', command: ['typescript/bin/tsc'], count: asOne },
  { name: 'e2e', command: ['typescript/bin/tsc', '--project', 'e2e'], count: asOne },
  { name: 'lint', command: ['oxlint/bin/oxlint', '--deny-warnings'], count: asOne },
  { name: 'unused', command: ['knip/bin/knip.js'], count: asOne },
];
/** One after the other: each uses both cores. */
const testRuns: readonly Check[] = [
  tested('tests', []),
  tested('stories', ['--config=e2e/vitest.config.ts']),
];

const total = { passed: 0, failed: 0, skipped: 0 };
const begin = performance.now();
try {
  const waiting = [...staticChecks];
  const lanes = Array.from({ length: staticLanes }, () => drain(waiting));
  await Promise.race(lanes);
  await drain([...testRuns]);
  await Promise.all(lanes);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${'all'.padEnd(8)} ${secondsSince(begin).toFixed(1).padStart(6)} s`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Runs the checks of a shared list, one after another, until it is empty. */
async function drain(waiting: Check[]): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const outcome = await run(check.command);
    const counts = check.count(outcome);
    report(check.name, outcome, counts);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
}

function run([program, ...args]: readonly string[]): Promise<Outcome> {
  const start = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', program!), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: checkLimitMs,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => chunks.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code, signal) => {
      if (signal !== null) chunks.push(Buffer.from(`Stopped by ${signal}.\n`));
      const output = Buffer.concat(chunks).toString();
      resolve({ ok: code === 0, output, seconds: secondsSince(start) });
    });
  });
}

function report(name: string, { output, seconds }: Outcome, counts: Counts): void {
  const verdict = counts.failed > 0 ? 'FAILED' : 'ok';
  console.log(`${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${verdict}`);
  if (counts.failed > 0) console.log(output.trimEnd());
}

function tested(name: string, options: readonly string[]): Check {
  const file = join(scratch, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  return {
    name,
    command: ['vitest/vitest.mjs', 'run', ...options, ...reporters],
    count: (outcome) => asReported(outcome, file),
  };
}

function asOne({ ok }: Outcome): Counts {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

/**
 * Counts the tests that ran. A file that could not be loaded has no tests of its own and counts as one failure,
 * and so does a run that reported nothing, ran nothing, or failed outside of any test.
 */
function asReported({ ok }: Outcome, file: string): Counts {
  const reported = readReport(file);
  if (reported === null) return { passed: 0, failed: 1, skipped: 0 };
  const brokenFiles = reported.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = reported.numFailedTests + brokenFiles;
  const silentFailure = failed === 0 && (!ok || reported.numPassedTests === 0);
  return {
    passed: reported.numPassedTests,
    failed: silentFailure ? 1 : failed,
    skipped: reported.numPendingTests + reported.numTodoTests,
  };
}

function readReport(file: string): z.infer<typeof Report> | null {
  try {
    return Report.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    console.log(`The tests left no readable report: ${String(error)}`);
    return null;
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
