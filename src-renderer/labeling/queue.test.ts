import { expect, test } from 'vitest';
import { Queue } from './queue.ts';

/** A host with `count` images, of which image p has the id p + 1 and the class p mod 3 − 1. */
function host(count: number) {
  const asked: string[] = [];
  const fetchPage = (path: string): Promise<ArrayBuffer> => {
    asked.push(path);
    const query = new URLSearchParams(path.split('?')[1]);
    const start = Number(query.get('start'));
    const side = Number(query.get('side'));
    const length = Math.min(Number(query.get('count')), count - start);
    return Promise.resolve(packed(start, length, side));
  };
  return { asked, fetchPage };
}

function packed(start: number, length: number, side: number): ArrayBuffer {
  const tileBytes = side * side * 4;
  const view = new DataView(new ArrayBuffer(8 + length * (12 + tileBytes)));
  view.setUint32(0, length, true);
  view.setUint32(4, side, true);
  for (let i = 0; i < length; i++) {
    const position = start + i;
    view.setUint32(8 + i * 12, position + 1, true);
    view.setInt32(8 + i * 12 + 4, (position % 3) - 1, true);
    view.setUint8(8 + i * 12 + 9, position % 2);
    new Uint8Array(view.buffer, 8 + length * 12 + i * tileBytes, tileBytes).fill(position);
  }
  return view.buffer;
}

test('an image is there once its surroundings are loaded, with its label, flag and small picture', async () => {
  const queue = new Queue('v', 50, host(50).fetchPage);
  expect(queue.at(21)).toBeUndefined();
  await queue.load(21);
  expect(queue.at(21)).toMatchObject({ id: 22, class: null, flagged: true });
  expect(queue.at(22)).toMatchObject({ id: 23, class: 0, flagged: false });
  expect(new Set(queue.at(22)!.tile.pixels)).toEqual(new Set([22]));
});

test('the last images load, and there is none behind them', async () => {
  const queue = new Queue('v', 50, host(50).fetchPage);
  await queue.load(49);
  expect(queue.at(49)?.id).toBe(50);
  expect(queue.at(50)).toBeUndefined();
  expect(queue.at(-1)).toBeUndefined();
});

test('walking on asks for each image once, before it is needed', async () => {
  const { asked, fetchPage } = host(2000);
  const queue = new Queue('v', 2000, fetchPage);
  await queue.load(0);
  for (let position = 0; position < 400; position++) {
    expect(queue.at(position), `image ${position}`).toBeDefined();
    await queue.load(position);
  }
  expect(new Set(asked).size).toBe(asked.length);
  expect(queue.at(0), 'what is far behind').toBeUndefined();
});

test('what was changed stays, until the queue is cleared and fetched again', async () => {
  const queue = new Queue('v', 50, host(50).fetchPage);
  await queue.load(3);
  queue.put(3, { ...queue.at(3)!, class: 2 });
  await queue.load(3);
  expect(queue.at(3)?.class).toBe(2);
  queue.clear();
  await queue.load(3);
  expect(queue.at(3)?.class).toBeNull();
});

test('an answer that comes after the queue was cleared does not bring old labels back', async () => {
  const answers: ((page: ArrayBuffer) => void)[] = [];
  const queue = new Queue('v', 4, () => new Promise((resolve) => answers.push(resolve)));
  const first = queue.load(0);
  queue.clear();
  const second = queue.load(0);
  answers[1]!(packed(0, 4, 16));
  await second;
  answers[0]!(packed(10, 4, 16));
  await first;
  expect(queue.at(0)?.id).toBe(1);
});

test('a failed fetch is told, and tried again the next time', async () => {
  const { fetchPage } = host(50);
  let isBroken = true;
  const queue = new Queue('v', 50, (path) =>
    isBroken ? Promise.reject(new Error('gone')) : fetchPage(path),
  );
  await expect(queue.load(0)).rejects.toThrow('gone');
  isBroken = false;
  await queue.load(0);
  expect(queue.at(0)?.id).toBe(1);
});
