import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { image, importAll, temporaryWorkspace } from './fixture.ts';
import type { ClassId } from './records.ts';

function labeled(count: number) {
  const workspace = temporaryWorkspace();
  const images = Array.from({ length: count }, (_, i) => image(`${i}`, i));
  const { dataset } = importAll(workspace, images);
  const classes = workspace.datasets.addClasses(dataset, ['a', 'b', 'c']).map((one) => one.id);
  const all = () => workspace.datasets.images(dataset, { kind: 'all' }, 0, count);
  return {
    workspace,
    dataset,
    classes,
    ids: all().map((one) => one.id),
    now: () => all().map((one) => one.class),
  };
}

describe('labels', () => {
  test('change at once for many images, and the log says by whom', () => {
    const { workspace, dataset, classes, ids, now } = labeled(3);
    const [a, b] = classes;
    expect(workspace.labels.set(dataset, ids, a!, 'human')).toBe(3);
    expect(workspace.labels.set(dataset, [ids[0]!], b!, 'model')).toBe(1);
    expect(now()).toEqual([b, a, a]);
    expect(workspace.labels.history(ids[0]!)).toMatchObject([
      { origin: 'human', from: null, to: a },
      { origin: 'model', from: a, to: b },
    ]);
  });

  test('that are there already make no event and nothing to undo', () => {
    const { workspace, dataset, classes, ids } = labeled(1);
    workspace.labels.set(dataset, ids, classes[0]!, 'model');
    expect(workspace.labels.set(dataset, ids, classes[0]!, 'human')).toBe(0);
    expect(workspace.labels.undo(dataset)).toBeNull();
  });

  test('of an image or class of another dataset are refused as a whole', () => {
    const { workspace, dataset, classes, ids, now } = labeled(2);
    const other = importAll(workspace, [image('x', 9, 'z')], 'other').dataset;
    const [foreign] = workspace.datasets.images(other, { kind: 'all' }, 0, 1);
    const [foreignClass] = workspace.datasets.classes(other);
    expect(() =>
      workspace.labels.set(dataset, [...ids, foreign!.id], classes[0]!, 'human'),
    ).toThrow(/no longer in the dataset/);
    expect(() => workspace.labels.set(dataset, ids, foreignClass!.id, 'human')).toThrow(
      /no longer in the dataset/,
    );
    expect(now()).toEqual([null, null]);
  });

  test('undone leave alone what a model changed since', () => {
    const { workspace, dataset, classes, ids, now } = labeled(2);
    const [a, b] = classes;
    workspace.labels.set(dataset, ids, a!, 'human');
    workspace.labels.set(dataset, [ids[0]!], b!, 'model');
    expect(workspace.labels.undo(dataset)).toBe(1);
    expect(now()).toEqual([b, null]);
  });

  test('undo and redo walk through every state there was, and a new edit ends redo', () => {
    const { workspace, dataset, classes, ids, now } = labeled(4);
    const choice = fc.constantFrom<ClassId | null>(...classes, null);
    const edit = fc.record({ images: fc.subarray(ids, { minLength: 1 }), to: choice });
    const action = fc.oneof(edit, fc.constant('undo' as const), fc.constant('redo' as const));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 15 }), (actions) => {
        workspace.labels.set(dataset, ids, null, 'model');
        const fresh = now();
        // A base that undo cannot go below in this round: earlier rounds left edits of their own.
        let past: (typeof fresh)[] = [fresh];
        let at = 0;
        for (const one of actions) {
          if (one === 'undo') {
            if (at === 0) continue;
            workspace.labels.undo(dataset);
            at--;
          } else if (one === 'redo') {
            if (at === past.length - 1) continue;
            workspace.labels.redo(dataset);
            at++;
          } else if (workspace.labels.set(dataset, one.images, one.to, 'human') > 0) {
            past = [...past.slice(0, at + 1), now()];
            at++;
            expect(workspace.labels.redo(dataset)).toBeNull();
          }
          expect(now()).toEqual(past[at]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('once said cannot be rewritten, even from outside', () => {
    const { workspace, dataset, classes, ids } = labeled(1);
    workspace.labels.set(dataset, ids, classes[0]!, 'human');
    const database = new Database(join(workspace.folder, 'inkling.db'));
    onTestFinished(() => void database.close());
    expect(() => database.exec('UPDATE label_event SET to_class = NULL')).toThrow(/never changed/);
  });

  test('add up to the current value', () => {
    const { workspace, dataset, classes, ids, now } = labeled(3);
    workspace.labels.set(dataset, ids, classes[0]!, 'human');
    workspace.labels.set(dataset, ids.slice(1), classes[1]!, 'human');
    workspace.labels.undo(dataset);
    workspace.labels.redo(dataset);
    workspace.labels.set(dataset, ids.slice(2), null, 'human');
    const last = ids.map((id) => workspace.labels.history(id).at(-1)?.to ?? null);
    expect(last).toEqual(now());
  });
});
