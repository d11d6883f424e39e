/** Levels of ink, 0 … 255 (nothing … full), row by row. */
type Drawing = {
  readonly ink: Uint8Array | Float32Array;
  readonly width: number;
  readonly height: number;
};

type Size = { readonly width: number; readonly height: number };

/** What a network reads, and how it was found; null where nothing is drawn. */
type Picture = {
  /** uint8 [height, width] of the size asked for, ink bright on black. */
  readonly pixels: Uint8Array;
  /** The box around all ink, in the drawing. */
  readonly crop: (Size & { readonly left: number; readonly top: number }) | null;
  readonly mass: { readonly x: number; readonly y: number } | null;
};

/** @param centered crops and centers the ink; without it the whole drawing is scaled down. */
export function pictureOf(drawing: Drawing, size: Size, centered: boolean): Picture;
