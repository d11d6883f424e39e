/** @file Pictures of any kind the browser reads, laid on the pad: files, and frames of a film. */
import { surfaceOf, surfaceSide, type Surface } from './surface.ts';

type Drawn = CanvasImageSource & (ImageBitmap | HTMLVideoElement);

/** @throws Problem where the file is no picture */
export async function surfaceOfFile(file: Blob): Promise<Surface> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new PictureError();
  }
  try {
    return surfaceOfImage(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** As it is, or where it is larger than the pad, scaled down. */
export function surfaceOfImage(image: Drawn, width: number, height: number): Surface {
  const scale = Math.min(1, surfaceSide / Math.max(width, height));
  const size = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const [columns, rows] = size as [number, number]; // two, as the list above
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, columns, rows);
  return surfaceOf(context.getImageData(0, 0, columns, rows).data, columns, rows);
}

/** What a person is told; the browser says no more than that it failed. */
class PictureError extends Error {
  readonly code = 'picture-unreadable';
  readonly hint = 'Use a PNG, JPEG, WebP, GIF or BMP file.';

  constructor() {
    super('This is no picture that can be shown here.');
  }
}
