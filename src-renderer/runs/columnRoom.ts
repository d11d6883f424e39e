/** @file How wide the columns of the table of runs are, so that none is half hidden behind the pinned ones. */

/** CSS px; the first and the last column, which stay in sight while the others scroll. */
export const nameLeast = 264;
export const actionsWidth = 64;

/**
 * The name takes the room that the last column which fits as a whole leaves, so that the next one begins where the
 * pinned actions do. Where all of them fit, what is left goes to the actions.
 *
 * @param room  CSS px, of the whole table in sight; 0: not known yet.
 */
export function nameWidthIn(room: number, widths: readonly number[]): number {
  let left = room - nameLeast - actionsWidth;
  for (const [i, width] of widths.entries()) {
    // Where not even one fits, they are scrolled through the room there is.
    if (width > left) return i === 0 ? nameLeast : nameLeast + left;
    left -= width;
  }
  return nameLeast;
}
