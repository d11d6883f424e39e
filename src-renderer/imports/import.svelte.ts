/**
 * @file One import from choosing to its report: choose → send (browser) → look through → preview → run. Nothing is
 * written to the dataset before `start`, and closing the dialog while it runs does not stop it.
 */
import type { ImportFrom, ImportPreview, Job, Problem } from '../../src-core/contract.ts';
import { freeName } from '../overview/names.ts';
import { app } from '../state/app.svelte.ts';
import { api, forgetUpload, newUpload, problemOf, uploadFile } from '../transport.ts';
import { desktopPaths } from './desktopPaths.ts';
import { filesOf, isPicture, nameOf, type Dropped, type SourceFile } from './dropped.ts';
import { addPicture } from './onePicture.ts';

export type ImportPhase =
  | { readonly kind: 'choose' }
  | { readonly kind: 'collecting' }
  | {
      readonly kind: 'sending';
      readonly bytes: number;
      readonly total: number;
      readonly files: number;
    }
  | { readonly kind: 'reading' }
  | { readonly kind: 'preview'; readonly from: ImportFrom; readonly preview: ImportPreview }
  /** One picture that the page hands over itself; `address` shows it. */
  | { readonly kind: 'picture'; readonly file: File; readonly address: string }
  | { readonly kind: 'added'; readonly dataset: number }
  | { readonly kind: 'job'; readonly job: string };

/** Requests under way at once: more do not send faster. */
const lanes = 6;

export class Import {
  phase: ImportPhase = $state.raw({ kind: 'choose' });
  problem: Problem | null = $state.raw(null);
  name = $state('');

  readonly job: Job | undefined = $derived.by(() => {
    const phase = this.phase;
    return phase.kind === 'job' ? app.jobs.find(({ id }) => id === phase.job) : undefined;
  });

  #abort = new AbortController();
  #upload: string | null = null;

  constructor(dataset: string | null) {
    this.name = dataset ?? '';
  }

  /** Files that a page sends itself. */
  async takeFiles(dropped: Dropped): Promise<void> {
    await this.#attempt(async () => {
      const paths = desktopPaths(dropped);
      if (paths !== null) return this.#takePaths(paths);
      this.phase = { kind: 'collecting' };
      const files = await filesOf(dropped);
      if (files.length === 0) {
        this.phase = { kind: 'choose' };
        return;
      }
      const [only] = files;
      const isPictureAlone = files.length === 1 && only !== undefined && isPicture(only.file);
      // What a picture alone is called says nothing of a dataset.
      this.#suggest(isPictureAlone ? [] : files.map((each) => each.path));
      if (window.inkling && isPictureAlone) return this.#showPicture(only.file);
      await this.#look({ kind: 'upload', upload: await this.#send(files) });
    });
  }

  /** A file or folder that the core reads where it lies. */
  takePath(path: string): Promise<void> {
    return this.#attempt(() => this.#takePaths([path]));
  }

  async start(): Promise<void> {
    const { phase } = this;
    if (phase.kind === 'picture') return this.#add(phase);
    if (phase.kind !== 'preview') return;
    await this.#attempt(async () => {
      const { job } = await api.imports.start({ from: phase.from, dataset: this.name.trim() });
      // The import forgets its upload itself.
      this.#upload = null;
      this.phase = { kind: 'job', job };
    }, phase);
  }

  /** Back to choosing; what was sent is forgotten. */
  reset(): void {
    if (this.phase.kind === 'picture') URL.revokeObjectURL(this.phase.address);
    this.#abort.abort();
    this.#abort = new AbortController();
    if (this.#upload !== null) forgetUpload(this.#upload).catch(app.problem);
    this.#upload = null;
    this.problem = null;
    this.phase = { kind: 'choose' };
  }

  /** The dialog goes. A running import goes on. */
  close(): void {
    if (this.phase.kind !== 'job') this.reset();
  }

  #takePaths(paths: readonly string[]): Promise<void> {
    this.#suggest(paths.map((path) => path.split(/[\\/]/).filter(Boolean).at(-1) ?? ''));
    const [path] = paths;
    return this.#look(
      path !== undefined && paths.length === 1
        ? { kind: 'path', path }
        : { kind: 'paths', paths: [...paths] },
    );
  }

  #showPicture(file: File): void {
    this.phase = { kind: 'picture', file, address: URL.createObjectURL(file) };
  }

  async #add(phase: Extract<ImportPhase, { kind: 'picture' }>): Promise<void> {
    await this.#attempt(async () => {
      const dataset = await addPicture(phase.file, this.name.trim());
      URL.revokeObjectURL(phase.address);
      this.phase = { kind: 'added', dataset };
    }, phase);
  }

  #suggest(paths: readonly string[]): void {
    if (this.name.trim() !== '') return;
    const taken = new Set(app.datasets.map(({ name }) => name));
    this.name = nameOf(paths) || freeName('Imported images', taken);
  }

  async #look(from: ImportFrom): Promise<void> {
    const { signal } = this.#abort;
    this.phase = { kind: 'reading' };
    const preview = await api.imports.preview({ from }, { signal });
    signal.throwIfAborted();
    this.phase = { kind: 'preview', from, preview };
  }

  /** Sends all files. @returns the upload's id */
  async #send(files: readonly SourceFile[]): Promise<string> {
    const upload = newUpload();
    this.#upload = upload;
    const { signal } = this.#abort;
    const total = files.reduce((sum, { file }) => sum + file.size, 0);
    const sent = new Map<SourceFile, number>();
    let bytes = 0;
    const onProgress = (source: SourceFile, loaded: number): void => {
      bytes += loaded - (sent.get(source) ?? 0);
      sent.set(source, loaded);
      if (!signal.aborted) this.phase = { kind: 'sending', bytes, total, files: files.length };
    };
    this.phase = { kind: 'sending', bytes, total, files: files.length };
    const waiting = files.toReversed();
    const lane = async (): Promise<void> => {
      for (let each = waiting.pop(); each; each = waiting.pop()) {
        const source = each;
        const address = { upload, path: source.path };
        await uploadFile(address, source.file, {
          onProgress: (it) => onProgress(source, it),
          signal,
        });
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return upload;
  }

  /** Runs a step; what goes wrong is shown, and the phase goes back. */
  async #attempt(step: () => Promise<void>, back: ImportPhase = { kind: 'choose' }): Promise<void> {
    const { signal } = this.#abort;
    this.problem = null;
    try {
      await step();
    } catch (error) {
      if (signal.aborted) return;
      if (back.kind === 'choose') this.reset();
      this.problem = problemOf(error);
      this.phase = back;
    }
  }
}
