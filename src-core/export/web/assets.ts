/**
 * @file The files that an exported page is made of. They stay files, because the page carries their very text: from
 * the sources as they are, and in a packaged program as the build copied them.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const assetNames = [
  'page.html',
  'page.css',
  'kernels.js',
  'drawing.js',
  'layers.js',
  'page.js',
] as const;
export type AssetName = (typeof assetNames)[number];

export function readAsset(name: AssetName): Promise<string> {
  const [source, built] = ['../page/', './page/'].map((folder) =>
    fileURLToPath(new URL(folder + name, import.meta.url)),
  );
  return readFile(existsSync(source!) ? source! : built!, 'utf8');
}
