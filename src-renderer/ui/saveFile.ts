/** @file Hands a file to the person: the browser's own download, or the desktop window's. */

/** A browser may ask where to before it reads the bytes. */
const keptMs = 60_000;

export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), keptMs);
}

/** A text that names a file everywhere: letters, digits, points and dashes, and not too long. */
export function fileNameOf(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80)
    .toLowerCase();
  return name === '' ? 'inkling' : name;
}
