/**
 * @file A picture alone that a desktop window was given: most often a pasted one, which lies on no disk and so has no
 * path to import. It goes to the core as it is, by the way of every import.
 */
import type { Problem } from '../../src-core/contract.ts';
import { pictureCharsMax } from '../../src-core/contract/inspecting.ts';
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';
import { base64Of } from '../trying/base64.ts';
import { bytesText } from '../ui/format.ts';

/** Base64 takes four letters for three bytes. */
const bytesMax = (pictureCharsMax / 4) * 3;

/** @returns the dataset's id. @throws what the core says; a dataset made for the picture is gone again then. */
export async function addPicture(file: File, name: string): Promise<number> {
  if (file.size > bytesMax) throw new LargePicture(file);
  const picture = base64Of(new Uint8Array(await file.arrayBuffer()));
  const known = app.datasets.find((each) => each.name === name);
  const { id: dataset } = known ?? (await api.datasets.create({ name, classes: [] }));
  try {
    await app.saving(api.images.add({ dataset, class: null, name: file.name, picture }));
  } catch (error) {
    if (!known) await api.datasets.remove({ dataset });
    throw error;
  }
  return dataset;
}

class LargePicture extends Error implements Problem {
  readonly code = 'picture-large';
  readonly hint = 'Put it into a folder, and import the folder.';

  constructor({ name, size }: File) {
    super(`${name} takes ${bytesText(size)}; alone, ${bytesText(bytesMax)} are the most.`);
  }
}
