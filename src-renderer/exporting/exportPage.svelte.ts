/** @file What the export view shows: the formats, what was exported, and what is being exported, kept current by jobs. */
import type { Job, Problem } from '../../src-core/contract.ts';
import type {
  ExportedRun,
  ExportFormats,
  ExportList,
  ExportSettings,
} from '../../src-core/contract/exporting.ts';
import { app } from '../state/app.svelte.ts';
import { api, problemOf } from '../transport.ts';

export class ExportPage {
  readonly run: string;
  /** Null: not read yet. */
  formats: ExportFormats | null = $state.raw(null);
  list: ExportList = $state.raw({ done: [], jobs: [] });
  problem: Problem | null = $state.raw(null);
  settings: ExportSettings = $state.raw({
    ...{ temperature: false, unsureBelow: null, images: false },
    ...{ sparsity: 0.8, fineTuneEpochs: 1 },
  });

  /** Changes when an export began or ended: there is something new to read. */
  readonly version: string = $derived(
    app.jobs
      .filter(({ kind }) => kind === 'export')
      .map(({ id, state }) => `${id} ${state.kind}`)
      .join(),
  );

  constructor(run: string) {
    this.run = run;
  }

  async read(): Promise<void> {
    const { run } = this;
    try {
      const [formats, list] = await Promise.all([
        api.exports.formats({ run, unsureBelow: this.settings.unsureBelow }),
        api.exports.list({ run }),
      ]);
      this.formats = formats;
      this.list = list;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  jobOf(format: string): Job | undefined {
    const id = this.list.jobs.find((each) => each.format === format)?.job;
    return id === undefined ? undefined : app.jobs.find((job) => job.id === id);
  }

  lastOf(format: string): ExportedRun | undefined {
    return this.list.done.find((each) => each.format === format);
  }

  /** Asks for a folder where there are folders to ask for; does nothing where none was chosen. */
  async start(format: string, isReplacing: boolean): Promise<void> {
    const folder = window.inkling ? await window.inkling.choose('exportFolder') : null;
    if (window.inkling && folder === null) return;
    const { run, settings } = this;
    const asked = { run, format, folder, overwrite: isReplacing, settings };
    await api.exports.start(asked);
    await this.read();
  }
}
