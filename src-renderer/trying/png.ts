/**
 * @file A PNG of a few levels, gray or in color, 8 bit: what is added to a dataset. A canvas would always make it
 * colored and transparent. https://www.w3.org/TR/png-3/
 */

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** @param pixels uint8 [C, H, W], C = 1 or 3 */
export async function pngOf(
  pixels: Uint8Array,
  { channels, width, height }: { channels: 1 | 3; width: number; height: number },
): Promise<Uint8Array> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 1 ? 0 : 2], 8);
  const parts = [
    chunk('IHDR', header),
    chunk('IDAT', await deflated(rowsOf(pixels, { channels, width, height }))),
    chunk('IEND', new Uint8Array(0)),
  ];
  const bytes = new Uint8Array(await new Blob([new Uint8Array(signature), ...parts]).arrayBuffer());
  return bytes;
}

/** Each row behind the number of its filter, 0: none; channels of a pixel together. */
function rowsOf(
  pixels: Uint8Array,
  { channels, width, height }: { channels: number; width: number; height: number },
): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (1 + width * channels));
  for (let y = 0, to = 0; y < height; y++) {
    to++;
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) rows[to++] = pixels[(c * height + y) * width + x]!;
  }
  return rows;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  // "deflate" is what PNG and zlib call it: with a header and a checksum.
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, checksum(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

/** CRC-32 with the polynomial 0xedb88320, as PNG and ZIP have it. */
function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
