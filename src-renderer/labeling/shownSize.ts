/** @file How large a picture is shown: small ones in whole multiples of their pixels, so that each pixel is a square. */

type Size = { readonly width: number; readonly height: number };

/**
 * CSS pixels in which `picture` fits a square.
 *
 * @param side  of the square, CSS pixels.
 * @param density  device pixels per CSS pixel.
 */
export function shownSize(
  picture: Size,
  side: number,
  density: number,
): Size & { readonly isEnlarged: boolean } {
  const fit = side / Math.max(picture.width, picture.height);
  const inDevice = fit * density;
  const scale = inDevice >= 2 ? Math.floor(inDevice) / density : Math.min(fit, 1);
  return {
    width: Math.round(picture.width * scale),
    height: Math.round(picture.height * scale),
    isEnlarged: scale > 1,
  };
}
