/** @file How long imports take, and how much memory, each in a process of its own. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { count } from '../src-main/terminal.ts';
import type { Bench, Benchmark } from './bench.ts';
import { mnistFolder, writeIdx, writePngs } from './data.ts';
import { atMost, lastLine, megabytes, seconds, type Row } from './measure.ts';

const rounds = 3;
const bars = { seconds: 5, megabytes: 600 };
const pngCount = 10_000;

export const imports: Benchmark = {
  about: `Seconds from the start of the process to its end, and its peak memory: median, smallest and largest of ${rounds} imports into a new workspace.`,
  async run(bench) {
    const pngs = join(bench.folder, 'png');
    await writePngs(pngs, pngCount);
    const idx = mnistFolder ?? join(bench.folder, 'idx');
    if (!mnistFolder) await writeIdx(idx);
    const rows = [
      ...(await importing(mnistFolder ? 'MNIST' : 'generated digits as IDX', idx, bench)),
      ...(await importing('small PNGs in a folder per class', pngs, bench)),
    ];
    await rm(pngs, { recursive: true });
    return { rows, notes: [] };
  },
};

const Imported = z.object({ images: z.number(), seconds: z.number(), megabytes: z.number() });

async function importing(title: string, path: string, bench: Bench): Promise<Row[]> {
  const found: z.infer<typeof Imported>[] = [];
  for (let round = 0; round < rounds; round++) {
    const workspace = join(bench.folder, 'import');
    const words = [join(import.meta.dirname, 'importOnce.ts'), path, workspace];
    found.push(await lastLine(Imported, process.execPath, words));
    await rm(workspace, { recursive: true });
  }
  const what = `${count(found[0]!.images)} ${title}`;
  return [
    atMost(
      `${what}: time`,
      found.map((one) => one.seconds),
      bars.seconds,
      seconds,
    ),
    atMost(
      `${what}: memory`,
      found.map((one) => one.megabytes),
      bars.megabytes,
      megabytes,
    ),
  ];
}
