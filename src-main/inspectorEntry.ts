/** @file The inspector with what it needs of other parts, whichever channel its host speaks through. */
import { setImmediate } from 'node:timers/promises';
import { basename, dirname } from 'node:path';
import { openCache } from '../src-core/data/cache.ts';
import { openModel } from '../src-core/export/openModel.ts';
import { serveInspector } from '../src-core/inspect/inspector.ts';
import { loadEngine } from '../src-core/training/engines.ts';
import { readStored } from '../src-core/training/stored.ts';

type Channel = Pick<Parameters<typeof serveInspector>[0], 'send' | 'onMessage'>;

export const runInspector = (channel: Channel): void =>
  serveInspector({
    ...channel,
    loadEngine,
    readNetwork: (path) => readStored(dirname(path), basename(path)),
    openFile: openModel,
    openSamples: openCache,
    async exportRun(work, { progress }) {
      // The packages of all formats: a process that only looks into networks starts sooner without them.
      const { exportWork } = await import('../src-core/app/exportWork.ts');
      return exportWork(work, { clock: () => Date.now(), progress });
    },
    breathe: () => setImmediate(),
  });
