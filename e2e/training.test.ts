import type { Locator } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, type Session } from './launch.ts';
import {
  chartSummary,
  expectSoon,
  expectText,
  fillPlan,
  longPatienceMs,
  planOnSample,
  startRuns,
} from './steps.ts';
import { storedRuns, type StoredRun } from './stored.ts';

/** Long enough to be paused, followed and cut off twice on the way; an epoch is 15 steps. */
const epochs = 120;

let session: Session;
beforeAll(async () => {
  session = await launch();
  await planOnSample(session.page);
});
afterAll(() => session?.close());

test('what cannot work cannot be started, and says why', async () => {
  const { page } = session;
  const start = page.getByRole('button', { name: /^Start/ });
  await expectSoon(() => start.isEnabled(), true);
  const wrong = [
    { field: 'Epochs', value: '0', right: '5', says: 'Must be at least 1.' },
    { field: 'Batch size', value: '5000', right: '256', says: /4.000/ },
    { field: 'Seeds', value: '1 1', right: '1', says: /twice/ },
    { field: 'Seeds', value: 'one', right: '1', says: /one/ },
  ];
  for (const { field, value, right, says } of wrong) {
    await fillPlan(page, { [field]: value });
    await expectText(page.getByRole('main'), says);
    expect(await start.isEnabled(), `${field} ${value}`).toBe(false);
    await fillPlan(page, { [field]: right });
    await expectSoon(() => start.isEnabled(), true);
  }
});

test('a run is paused, stands still, and goes on', async () => {
  const { page } = session;
  await fillPlan(page, { Epochs: String(epochs), 'Batch size': '256' });
  await startRuns(page, 'Start run');
  await passes(1);
  await bulk('Pause').click();
  await expectSoon(() => run().status, 'paused');
  const { step } = run();
  // Whatever it might still do in this time would be stored after it.
  await page.reload();
  await expectText(page.getByRole('table', { name: 'Runs' }), 'Paused');
  await expectSoon(() => shownStep(), step);
  expect(run()).toMatchObject({ status: 'paused', step });
  await bulk('Resume').click();
  await passes(step);
});

test('a page that is loaded anew follows the run that trains', async () => {
  const { page } = session;
  await page.reload();
  await expectSoon(async () => (await shownStep()) > 0, true);
  const first = await shownStep();
  await expectSoon(async () => (await shownStep()) > first, true);
  expect(run().status).toBe('running');
});

test('a trainer that is killed leaves a run that says so, and that goes on', async () => {
  const { page } = session;
  const { process: trainer, step } = run();
  process.kill(trainer!, 'SIGKILL');
  await expectText(page.getByRole('main'), /was interrupted\./);
  await expectText(
    page.getByRole('main'),
    /The training process ended unexpectedly \(.*SIGKILL.*\)/,
  );
  expect(run()).toMatchObject({ status: 'interrupted', result: null });
  await page.getByRole('button', { name: 'Resume it' }).click();
  await passes(step);
});

test('a program that is ended in the middle offers to go on at its next start', async () => {
  await session.restart();
  const { page } = session;
  expect(run()).toMatchObject({ status: 'interrupted', result: null });
  await page.getByRole('link', { name: 'Runs' }).first().click();
  await page.getByRole('button', { name: 'Resume it' }).click();
  await expectSoon(() => run().status, 'finished', longPatienceMs);
  expect(run().step).toBe(epochs * 15);
}, 120_000);

test('run again, without a break, it comes out identical', async () => {
  const { page, workspace } = session;
  await page
    .getByRole('table', { name: 'Runs' })
    .getByRole('link', { name: /seed 1/ })
    .click();
  const capsule = page.getByRole('region', { name: 'Capsule' });
  const hash = await factOf(capsule, 'Parameters hash');
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  await page.getByRole('button', { name: 'Run again' }).click();
  const statuses = () => storedRuns(workspace).map(({ status }) => status);
  await expectSoon(statuses, ['finished', 'finished'], longPatienceMs);
  await expectText(page.getByRole('main'), 'It was repeated: r2 came out identical.');
  await page.getByRole('link', { name: 'Runs' }).first().click();
  await page.getByRole('row').filter({ hasText: 'Finished' }).getByRole('link').first().click();
  await expectText(
    page.getByRole('main'),
    'It repeats r1, and its parameters came out identical, bit for bit.',
  );
  expect(await factOf(capsule, 'Parameters hash')).toBe(hash);
  expect(storedRuns(workspace)).toHaveLength(2);
}, 120_000);

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});

/** The first run, as it is stored now. */
function run(): StoredRun {
  const [first] = storedRuns(session.workspace);
  if (!first) throw new Error('no run is stored');
  return first;
}

/** Waits until the run has trained beyond a step. */
const passes = (step: number): Promise<void> => expectSoon(() => run().step > step, true);

/** Of the bar over the table; the status bar has buttons of the same kind. */
const bulk = (name: string): Locator =>
  session.page.getByRole('toolbar', { name: 'Runs' }).getByRole('button', { name, exact: true });

/** Where the accuracy chart ends; 0 while it is empty. */
const shownStep = async (): Promise<number> =>
  Number(/at step (\d+)\./.exec(await chartSummary(session.page, 'Accuracy'))?.[1] ?? 0);

/** What a list of facts says about one of them. */
async function factOf(list: Locator, name: string): Promise<string> {
  const fact = list.locator('dt', { hasText: name }).locator('xpath=following-sibling::dd[1]');
  return (await fact.innerText()).trim();
}
