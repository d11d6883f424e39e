/** @file The dialog that is open, if any: one at a time, opened from anywhere. */

import type { Dropped } from '../imports/dropped.ts';

export type OpenDialog =
  /** `files`: already dropped; `dataset`: the name to import into, when it is known. */
  | { readonly kind: 'import'; readonly dataset: string | null; readonly files?: Dropped }
  /** `draws`: it is drawn for as soon as it is made. */
  | { readonly kind: 'newDataset'; readonly draws?: true }
  | { readonly kind: 'renameDataset'; readonly dataset: number }
  | { readonly kind: 'removeDataset'; readonly dataset: number }
  | { readonly kind: 'export'; readonly dataset: number }
  | { readonly kind: 'report'; readonly job: string }
  /** `file`: already dropped. */
  | { readonly kind: 'capsule'; readonly file?: File }
  | { readonly kind: 'extendRun'; readonly run: string }
  | { readonly kind: 'removeRuns'; readonly runs: readonly string[] }
  | { readonly kind: 'keys' }
  | { readonly kind: 'palette' };

class Dialogs {
  current: OpenDialog | null = $state.raw(null);

  open(dialog: OpenDialog): void {
    this.current = dialog;
  }

  close(): void {
    this.current = null;
  }
}

export const dialogs = new Dialogs();
