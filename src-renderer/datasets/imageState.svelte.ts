/** @file What is known of the image shown large. The one before stays until the next is known. */
import type { ImageInfo } from '../../src-core/contract.ts';
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';

export class ImageState {
  info: ImageInfo | null = $state.raw(null);
  #asked = 0;

  async load(image: number): Promise<void> {
    const asked = ++this.#asked;
    try {
      const info = await api.images.info({ image });
      if (asked === this.#asked) this.info = info;
    } catch (error) {
      if (asked === this.#asked) app.problem(error);
    }
  }
}
