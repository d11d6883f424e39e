import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { temporaryFolder, temporaryWorkspace } from './fixture.ts';
import { applicationId, migrations } from './migrations.ts';
import type { DatasetId, ImageId } from './records.ts';

test('runs of a workspace of the second schema are alone, unnamed and in no queue', () => {
  const folder = temporaryFolder();
  const database = new Database(join(folder, 'inkling.db'));
  for (const step of migrations.slice(0, 2)) database.exec(step);
  const spec = { input: { channels: 1, height: 2, width: 3 }, layers: [], classes: 2 };
  database.exec(
    `INSERT INTO snapshot VALUES (1, 'aa', NULL, 0, '["a","b"]', 1, 2, 3, 'none');
     INSERT INTO run (id, created_at, status, snapshot, spec, options, engine, device, versions, seed, result)
     VALUES (7, 5, 'finished', 'aa', '${JSON.stringify(spec)}', '{}', 'onnx', 'cpu', '{}', 1, '{"epochs":2}'),
       (8, 6, 'queued', 'aa', '${JSON.stringify(spec)}', '{}', 'onnx', 'cpu', '{}', 1, NULL);`,
  );
  database.pragma(`application_id = ${applicationId}`);
  database.pragma('user_version = 2');
  database.close();
  const [finished, queued] = temporaryWorkspace(folder).runs.list();
  const alone = {
    name: null,
    comparison: null,
    repeats: null,
    place: null,
    isExtended: false,
    limit: null,
  };
  expect(finished).toMatchObject({ id: 'r7', ...alone, result: { epochs: 2 }, progress: null });
  expect(queued).toMatchObject({ ...alone, state: { status: 'interrupted', error: null } });
});

test('labels of a workspace of the first schema keep who gave them, and classes get colors', () => {
  const folder = temporaryFolder();
  const database = new Database(join(folder, 'inkling.db'));
  database.exec(migrations[0]!);
  database.exec(
    `INSERT INTO dataset VALUES (1, 'old', 0, 1);
     INSERT INTO class VALUES (1, 1, 0, 'a'), (2, 1, 1, 'b');
     INSERT INTO blob VALUES (1, zeroblob(32), 'raw', 1, 1, 1, 8, zeroblob(1));
     INSERT INTO image VALUES (1, 1, 1, 1, 'imported'), (2, 1, 1, 2, 'relabeled'), (3, 1, 1, NULL, 'never');
     INSERT INTO label_batch VALUES (1, 1, 'import', 100, NULL, NULL), (2, 1, 'model', 200, NULL, NULL);
     INSERT INTO label_event VALUES (1, 1, 1, NULL, 1), (2, 1, 2, NULL, 1), (3, 2, 2, 1, 2);`,
  );
  database.pragma(`application_id = ${applicationId}`);
  database.pragma('user_version = 1');
  database.close();
  const workspace = temporaryWorkspace(folder);
  const dataset = 1 as DatasetId;
  const rows = workspace.images.rows(dataset, 0, 10);
  expect(rows).toEqual([
    [1, 1, 1, 8, 100],
    [2, 1, 2, 12, 200],
    [3, 1, 0, 0, 0],
  ]);
  const colors = workspace.classes.of(dataset).map(({ color }) => color);
  expect(colors).toEqual(['#3b6fd4', '#e0812b']);
  expect(workspace.labels.set(dataset, [2 as ImageId], null, 'human')).toBe(1);
  expect(workspace.labels.undo(dataset)).toBe(1);
  expect(workspace.images.rows(dataset, 1, 1)[0]![3], 'a model again').toBe(12);
});
