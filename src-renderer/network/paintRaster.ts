/** @file Puts computed pixels on a canvas at any size. */
import type { Raster } from './diverging.ts';
import type { Context } from './flowScene.ts';
import type { Box } from './layout.ts';

const pixelCanvas = document.createElement('canvas');

/** Enlarged, pixels stay pixels. */
export function paintRaster(context: Context, raster: Raster, box: Box): void {
  pixelCanvas.width = raster.width;
  pixelCanvas.height = raster.height;
  pixelCanvas
    .getContext('2d')
    ?.putImageData(new ImageData(raster.pixels, raster.width, raster.height), 0, 0);
  context.imageSmoothingEnabled = box.width < raster.width;
  context.drawImage(pixelCanvas, box.x, box.y, box.width, box.height);
}
