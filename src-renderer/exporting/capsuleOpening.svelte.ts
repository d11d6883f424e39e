/** @file One capsule from choosing to its run: choose → send (browser) → open. What goes wrong leads back to choosing. */
import type { Problem } from '../../src-core/contract.ts';
import type { FileFrom } from '../../src-core/contract/inspecting.ts';
import type { OpenedCapsule } from '../../src-core/contract/exporting.ts';
import { api, forgetUpload, newUpload, problemOf, uploadFile } from '../transport.ts';

type Phase =
  | { readonly kind: 'choose' }
  | { readonly kind: 'sending'; readonly bytes: number; readonly total: number }
  | { readonly kind: 'opening' }
  | { readonly kind: 'opened'; readonly opened: OpenedCapsule };

export class CapsuleOpening {
  phase: Phase = $state.raw({ kind: 'choose' });
  problem: Problem | null = $state.raw(null);
  #abort = new AbortController();

  async takeFile(file: File): Promise<void> {
    const path = window.inkling?.pathOf(file);
    await this.#open(() => (path ? { kind: 'path', path } : this.#send(file)));
  }

  async takePath(path: string): Promise<void> {
    await this.#open(() => ({ kind: 'path', path }));
  }

  /** The dialog goes. What is being sent is not sent; what is being opened will be here. */
  close(): void {
    this.#abort.abort();
  }

  async #open(from: () => FileFrom | Promise<FileFrom>): Promise<void> {
    const { signal } = this.#abort;
    this.problem = null;
    try {
      const place = await from();
      signal.throwIfAborted();
      this.phase = { kind: 'opening' };
      this.phase = { kind: 'opened', opened: await api.exports.openCapsule({ from: place }) };
    } catch (error) {
      if (signal.aborted) return;
      this.problem = problemOf(error);
      this.phase = { kind: 'choose' };
    }
  }

  async #send(file: File): Promise<FileFrom> {
    const upload = newUpload();
    const { signal } = this.#abort;
    const total = file.size;
    const onProgress = (bytes: number): void => {
      if (!signal.aborted) this.phase = { kind: 'sending', bytes, total };
    };
    onProgress(0);
    try {
      await uploadFile({ upload, path: file.name }, file, { onProgress, signal });
    } catch (error) {
      await forgetUpload(upload);
      throw error;
    }
    return { kind: 'upload', upload };
  }
}
