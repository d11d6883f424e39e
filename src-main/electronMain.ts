/** @file Entry of the desktop program, inside Electron. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createApp } from '../src-core/app.ts';
import { startDesktop } from './electron.ts';
import { electronProcess } from './electronTrainer.ts';
import type { Electron } from './electronTypes.ts';
import { defaultWorkspace, nodePorts, reportDefect } from './nodeHost.ts';

// Electron's runtime answers to this name; its shape is the typed part of it that is used.
const electron = createRequire(import.meta.url)('electron') as Electron;
// Built, this file is out/main/electron.js, with the trainer beside it.
const here = import.meta.dirname;

/** For a second workspace, and for tests. */
const workspace = process.env['INKLING_WORKSPACE'] ?? defaultWorkspace(process.env);

await startDesktop({
  electron,
  openApp: () =>
    createApp(workspace, {
      ...nodePorts(),
      startTrainer: () => electronProcess(electron, join(here, 'trainer.js')),
      startTrial: (provider) => electronProcess(electron, join(here, 'deviceTrial.js'), [provider]),
      startInspector: () => electronProcess(electron, join(here, 'inspector.js')),
    }),
  pageFolder: join(here, '../renderer'),
  preload: join(here, '../preload/index.cjs'),
  platform: process.platform,
  reportDefect,
});
