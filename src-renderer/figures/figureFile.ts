/** @file A figure as a file: SVG as text, and PNG drawn from that text. */
import { fontSize, inkOnPaper, type Figure, type Mark } from './figure.ts';

/** Pixels of the PNG per pixel of the figure: sharp in print. */
const pngScale = 3;
const fontFamily = 'Helvetica, Arial, sans-serif';

/** A complete document, on white. */
export function figureSvg({ width, height, label, marks }: Figure): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontFamily}" font-size="${fontSize}" role="img">`,
    `<title>${escaped(label)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...marks.map(markSvg),
    '</svg>',
    '',
  ].join('\n');
}

export const figurePng = (figure: Figure): Promise<Blob> =>
  svgPng(figureSvg(figure), figure.width, figure.height);

/** @param width, height  of the drawing, in its own pixels */
export async function svgPng(svg: string, width: number, height: number): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(width * pngScale, height * pngScale);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no 2d canvas');
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: 'image/png' });
  } finally {
    URL.revokeObjectURL(address);
  }
}

function markSvg(mark: Mark): string {
  const ink = inkOnPaper(mark.ink);
  switch (mark.kind) {
    case 'line':
      return `<line x1="${n(mark.x1)}" y1="${n(mark.y1)}" x2="${n(mark.x2)}" y2="${n(mark.y2)}" stroke="${ink}" stroke-width="${mark.width}"${dashed(mark.dash)}/>`;
    case 'path':
      return `<path d="${mark.d}" fill="none" stroke="${ink}" stroke-width="${mark.width}" stroke-linejoin="round"${dashed(mark.dash)}/>`;
    case 'point':
      return `<circle cx="${n(mark.x)}" cy="${n(mark.y)}" r="${mark.radius}" fill="${ink}"><title>${escaped(mark.title)}</title></circle>`;
    case 'text':
      return `<text x="${n(mark.x)}" y="${n(mark.y)}" text-anchor="${mark.anchor}" fill="${ink}"${mark.isStrong ? ' font-weight="600"' : ''}>${escaped(mark.text)}</text>`;
    default:
      throw new TypeError(mark satisfies never);
  }
}

const n = (value: number): string => String(Number(value.toFixed(2)));

const dashed = (dash: readonly number[] | undefined): string =>
  dash === undefined || dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Names are the user's own: any sign may stand in them, control characters aside, which XML does not know. */
export const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
