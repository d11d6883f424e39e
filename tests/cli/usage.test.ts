/** @file What a command says of itself, and of words it cannot use. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { openWorkspace } from '../../src-core/workspace/workspace.ts';
import { verbs } from '../../src-main/verbs.ts';
import {
  importedRows,
  inkling,
  inside,
  keptFolder,
  resultSaid,
  said,
  type Outcome,
} from './inkling.ts';

const workspace = keptFolder();

beforeAll(async () => {
  await resultSaid(workspace, 'sample', '--dataset', 'digits', '--count', '40');
});

test('help is asked for and given: exit 0', async () => {
  const { code, out } = await inkling(workspace, '--help');
  expect(code).toBe(0);
  for (const verb of ['import', 'sample', 'train', 'compare', 'resume', 'runs', 'inspect'])
    expect(out).toContain(`\n  ${verb} `);
});

test('while another process writes the workspace, it is read, not written, and the command ends', async () => {
  const shared = keptFolder();
  const writer = openWorkspace(shared, { clock: () => 0 });
  onTestFinished(() => writer.close());
  const read = await inkling(shared, 'runs');
  expect(read).toEqual({ code: 0, out: 'There are no runs yet.\n', err: '' });
  const { code, err } = await inkling(shared, 'sample', '--count', '5');
  expect(code).toBe(1);
  expect(err).toMatch(/^error workspace-in-use: /);
});

const wrongUsage: readonly string[] = [
  'nonsense',
  'train',
  'train --dataset digits --nonsense',
  'train --dataset digits more',
  'train --dataset digits --epochs many',
  'train --dataset digits --epochs 1.5',
  'train --dataset digits --limit 0',
  'train --dataset digits --lr fast',
  'train --dataset digits --input 28x28',
  'compare --dataset digits --activations relu,,tanh',
  'compare --dataset digits --activations relu,relu',
  'compare --dataset digits --activations relu --seeds 1,two',
  'resume r1 --epochs -1',
  'inspect r1 --split all',
  'export r1',
];

describe('wrong usage', () => {
  it.each(wrongUsage)('%s: exit 2', async (words) => {
    expectUsage(await said(workspace, ...words.split(' ')));
  });

  it('ends the process so', async () => expectUsage(await inkling(workspace, 'nonsense')));

  function expectUsage({ code, out, err }: Outcome): void {
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^error usage: .+\n.*--help.*\n$/);
  }
});

const train = 'train --dataset digits --preset softmax';

/** What nobody has, and numbers that no run can use. */
const refused: readonly (readonly [code: string, words: string])[] = [
  ['dataset-unknown', 'train --dataset letters'],
  ['preset-unknown', `${train} --preset huge`],
  ['activation-unknown', `${train} --activation relish`],
  ['activation-unknown', 'compare --dataset digits --activations relu,relish'],
  ['engine-unknown', `${train} --engine steam`],
  ['device-unavailable', `${train} --device abacus`],
  ['run-unknown', 'resume r7'],
  ['run-unknown', 'inspect seven'],
  ['run-unknown', 'export r7 --out nowhere'],
  ['run-unknown', 'predict r7 image.png'],
  ['path-missing', 'predict nowhere.onnx image.png'],
  ['setting-invalid', `${train} --epochs 0`],
  ['setting-invalid', `${train} --batch 0`],
  ['setting-invalid', `${train} --lr -1`],
  ['setting-invalid', `${train} --seed -1`],
  ['setting-invalid', `${train} --optimizer luck`],
  ['setting-invalid', `${train} --schedule lunar`],
  ['setting-invalid', `${train} --augment glitter`],
  ['setting-invalid', 'sample --count 0'],
];

describe('a request that cannot be met', () => {
  it.each(refused)('%s: %s', async (code, words) => {
    const before = runsAndRows();
    expectFailure(await said(workspace, ...words.split(' '), '--json'), code);
    expect(runsAndRows()).toEqual(before);
  });

  it('ends the process with 1', async () => {
    const ended = await inkling(workspace, 'train', '--dataset', 'letters', '--json');
    expectFailure(ended, 'dataset-unknown');
  });
});

describe('a workspace that is not there', () => {
  const folder = keptFolder();

  it('is made by the verbs that begin something, and no other', () => {
    const beginning = verbs.filter(({ begins }) => begins).map(({ name }) => name);
    expect(beginning).toEqual(['import', 'sample', 'open-capsule', 'serve', 'demo']);
  });

  it.each(['runs', 'train --dataset digits'])('is not made by %s', async (words) => {
    const typo = join(folder, 'below', 'typo');
    expectFailure(await said(typo, ...words.split(' '), '--json'), 'workspace-missing');
    expect(readdirSync(folder)).toEqual([]);
  });
});

function runsAndRows() {
  const runs = inside(workspace, (each) => each.runs.list().length);
  return { runs, rows: importedRows(workspace) };
}

/** The code and one sentence, then what to do; no stack, no hole in the text. */
function expectFailure({ code: exit, out, err }: Outcome, code: string): void {
  expect({ exit, out }).toEqual({ exit: 1, out: '' });
  // Lines of progress may have come before.
  const [first, hint] = err.trimEnd().split('\n').slice(-2);
  expect(first).toMatch(new RegExp(`^error ${code}: [^]+\\.$`));
  expect(hint).toMatch(/\.$/);
  expect(err).not.toMatch(/^ +at |undefined|NaN|\[object/m);
}
