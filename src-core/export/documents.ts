/**
 * @file What can be written of a run besides its network: documents about it. They are no models, so nothing runs
 * them; each is read again after it was written. `app/documents.ts` writes them.
 */

export type Document = {
  readonly title: string;
  /** What it is good for, in a sentence. */
  readonly purpose: string;
  readonly extensions: readonly string[];
};

export const documents = {
  report: {
    title: 'Report',
    purpose:
      'Everything measured, for people and for programs: a page with figures, tables as CSV, and all of it as JSON.',
    extensions: ['-report.html'],
  },
  capsule: {
    title: 'Capsule',
    purpose:
      'One file with all it takes to train the run again elsewhere, and to see whether it comes out the same.',
    extensions: ['.inkling'],
  },
} satisfies Record<string, Document>;

export type DocumentName = keyof typeof documents;

export function isDocumentName(name: string): name is DocumentName {
  return Object.hasOwn(documents, name);
}
