/** @file Where dropped files and folders lie, which only a desktop window is told. */
import type { Problem } from '../../src-core/contract.ts';
import { isPicture, type Dropped } from './dropped.ts';

/**
 * One path for each file and folder that was dropped, for the core to read them where they lie. Null: the page hands
 * them over itself, as it does in a browser, and a picture alone, which may lie nowhere.
 *
 * @throws Problem for one that lies on no disk
 */
export function desktopPaths({ files }: Pick<Dropped, 'files'>): readonly string[] | null {
  const desktop = globalThis.window?.inkling;
  const [only] = files;
  if (!desktop || only === undefined || (files.length === 1 && isPicture(only))) return null;
  const paths = files.map((file) => desktop.pathOf(file));
  if (paths.every((path) => path !== '')) return paths;
  throw new NoPath(files[paths.indexOf('')]!);
}

class NoPath extends Error implements Problem {
  readonly code = 'file-nowhere';
  readonly hint = 'Save the files in a folder first, and import the folder.';

  constructor({ name }: File) {
    super(`The file ${name} lies in no folder, so it cannot be read from there.`);
  }
}
