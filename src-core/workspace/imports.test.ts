import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { blobHash } from './blobs.ts';
import { image, importAll, temporaryWorkspace, toTraining } from './fixture.ts';

const counts = (workspace: ReturnType<typeof temporaryWorkspace>) => workspace.check().counts;

describe('an import', () => {
  test('shows nothing before it is committed and everything after', () => {
    const workspace = temporaryWorkspace();
    const session = workspace.beginImport('digits');
    session.add([image('7/a.png', 1, '7'), image('3/b.png', 2, '3', 'test')]);
    expect(workspace.datasets.list()).toEqual([]);
    expect(counts(workspace)).toMatchObject({ image: 0, class: 0, label_event: 0, split: 0 });
    const result = session.commit(['3', '7'], toTraining);
    expect(result).toMatchObject({ name: 'digits', added: 2, known: 0, classes: ['3', '7'] });
    expect(result.splits).toEqual({ train: 1, validation: 0, test: 1, none: 0 });
    const { id } = workspace.datasets.get('digits');
    expect(workspace.datasets.images(id, { kind: 'all' }, 0, 10)).toMatchObject([
      { name: '7/a.png', part: 'train' },
      { name: '3/b.png', part: 'test' },
    ]);
  });

  test('leaves nothing when it is aborted', () => {
    const workspace = temporaryWorkspace();
    importAll(workspace, [image('a', 1, 'x')]);
    const before = counts(workspace);
    const session = workspace.beginImport('digits');
    session.add([image('b', 2, 'y'), image('c', 1, 'y')]);
    expect(workspace.blobs.count()).toBe(2);
    session.abort();
    session.abort();
    expect(counts(workspace)).toEqual(before);
    expect(() => session.add([])).toThrow(/over/);
  });

  test('leaves nothing of a commit that fails, and can still be aborted', () => {
    const workspace = temporaryWorkspace();
    const empty = counts(workspace);
    const session = workspace.beginImport('digits');
    session.add([image('a', 1, 'x')]);
    expect(() => session.commit([], toTraining)).toThrow(/class order lacks x/);
    expect(workspace.datasets.list()).toEqual([]);
    session.abort();
    expect(counts(workspace)).toEqual(empty);
  });

  test('made twice adds nothing', () => {
    const workspace = temporaryWorkspace();
    const images = Array.from({ length: 30 }, (_, i) => image(`${i}`, i, `${i % 3}`));
    importAll(workspace, images);
    const before = counts(workspace);
    expect(importAll(workspace, images)).toMatchObject({ added: 0, known: 30 });
    expect(counts(workspace)).toEqual(before);
  });

  test('keeps one blob of equal images under two names, and two images of one name', () => {
    const workspace = temporaryWorkspace();
    const images = [image('a', 1, 'x'), image('b', 1, 'x'), image('a', 2, 'x'), image('a', 1, 'x')];
    expect(importAll(workspace, images)).toMatchObject({ added: 3, known: 1 });
    expect(workspace.blobs.count()).toBe(2);
  });

  test('into a dataset that exists appends the classes it lacks and keeps labels', () => {
    const workspace = temporaryWorkspace();
    const first = importAll(workspace, [image('a', 1, '3'), image('b', 2, '7')]);
    const [three, seven] = workspace.datasets.classes(first.dataset);
    const [a] = workspace.datasets.images(first.dataset, { kind: 'all' }, 0, 1);
    workspace.labels.set(first.dataset, [a!.id], seven!.id, 'human');
    const second = importAll(workspace, [image('a', 1, '3'), image('c', 3, '1')]);
    expect(second).toMatchObject({ added: 1, known: 1, classes: ['3', '7', '1'] });
    expect(workspace.datasets.classCounts(first.dataset)).not.toContainEqual({
      class: three!.id,
      count: 1,
    });
  });

  test('is one at a time', () => {
    const workspace = temporaryWorkspace();
    const session = workspace.beginImport('a');
    expect(() => workspace.beginImport('b')).toThrow(
      expect.objectContaining({ code: 'import-running' }),
    );
    session.abort();
    workspace.beginImport('b').abort();
  });

  test('keeps unlabeled images without a part, and says who labeled the others', () => {
    const workspace = temporaryWorkspace();
    const { dataset, splits } = importAll(workspace, [image('a', 1), image('b', 2, 'x')]);
    expect(splits).toEqual({ train: 1, validation: 0, test: 0, none: 1 });
    const [a, b] = workspace.datasets.images(dataset, { kind: 'all' }, 0, 10);
    expect(workspace.labels.history(a!.id)).toEqual([]);
    expect(workspace.labels.history(b!.id)).toMatchObject([{ origin: 'import', from: null }]);
    expect(workspace.datasets.images(dataset, { kind: 'unlabeled' }, 0, 10)).toEqual([a]);
  });
});

describe('a blob', () => {
  test('keeps its bytes, and is found by the hash of them', () => {
    const workspace = temporaryWorkspace();
    const bytes = Buffer.from('\x89PNG and so on');
    const blob = { bytes, encoding: 'png', width: 5, height: 4, channels: 3, depth: 16 } as const;
    importAll(workspace, [{ name: 'a.png', blob, label: 'x', part: null }]);
    const hash = createHash('sha256').update(bytes).digest();
    expect(workspace.blobs.get(hash)).toEqual(blob);
    expect(workspace.blobs.get(Buffer.alloc(32))).toBeUndefined();
  });

  test('that is raw has its shape in the hash', () => {
    const { blob } = image('a', 1);
    const turned = { ...blob, width: blob.height, height: blob.width };
    expect(blobHash(turned)).not.toEqual(blobHash(blob));
  });
});
