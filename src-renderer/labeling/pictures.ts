/**
 * @file Decoded pictures by image id, fetched before they are needed, so that the next one is shown in the frame after
 * the key. Few are kept: a decoded photograph takes megabytes.
 */
import { paths } from '../../src-core/contract.ts';

/** Pictures kept: those ahead, those just left, and room for a jump. */
const picturesKept = 24;
/** Longest side kept, in pixels: more than the stage shows. */
const sideMax = 1600;

export class Pictures {
  readonly #fetchPicture: (path: string) => Promise<Blob>;
  readonly #bitmaps = new Map<number, ImageBitmap>();
  readonly #loading = new Map<number, Promise<void>>();

  constructor(fetchPicture: (path: string) => Promise<Blob>) {
    this.#fetchPicture = fetchPicture;
  }

  get(id: number): ImageBitmap | undefined {
    return this.#bitmaps.get(id);
  }

  /** Fetches and decodes a picture, once. */
  load(id: number): Promise<void> {
    if (this.#bitmaps.has(id)) return Promise.resolve();
    const running = this.#loading.get(id);
    if (running !== undefined) return running;
    const started = this.#fetch(id).finally(() => this.#loading.delete(id));
    this.#loading.set(id, started);
    return started;
  }

  close(): void {
    for (const bitmap of this.#bitmaps.values()) bitmap.close();
    this.#bitmaps.clear();
  }

  async #fetch(id: number): Promise<void> {
    const bitmap = await decode(await this.#fetchPicture(paths.image(id)));
    this.#bitmaps.set(id, bitmap);
    for (const [oldest, old] of this.#bitmaps) {
      if (this.#bitmaps.size <= picturesKept) return;
      this.#bitmaps.delete(oldest);
      old.close();
    }
  }
}

async function decode(blob: Blob): Promise<ImageBitmap> {
  const whole = await createImageBitmap(blob);
  const scale = sideMax / Math.max(whole.width, whole.height);
  if (scale >= 1) return whole;
  const size = {
    resizeWidth: Math.max(1, Math.round(whole.width * scale)),
    resizeHeight: Math.max(1, Math.round(whole.height * scale)),
  };
  const smaller = await createImageBitmap(whole, { ...size, resizeQuality: 'high' });
  whole.close();
  return smaller;
}
