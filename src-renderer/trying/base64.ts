/** @file Bytes as base64. */

/** As many arguments as a call can take anywhere. */
const chunkBytes = 8192;

export function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += chunkBytes)
    text += String.fromCharCode(...bytes.subarray(start, start + chunkBytes));
  return btoa(text);
}
