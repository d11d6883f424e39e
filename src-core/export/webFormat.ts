/** @file The web page export: one HTML file that opens by double click, offline, and answers while one draws. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format } from './format.ts';
import { openPage } from './web/openPage.ts';
import { webPage } from './web/page.ts';

export const webFormat: Format = {
  title: 'Web page',
  purpose: 'One file that opens by double click: draw, and see the network answer. Works offline.',
  extensions: ['.html'],
  size: { fixedBytes: 33000, bytesPerParameter: 5.33 },
  async write(network, folder) {
    const file = `${network.name}.html`;
    await writeFile(join(folder, file), await webPage(network), { flush: true });
    return [file];
  },
  open: openPage,
  use: (name) =>
    `<iframe src="${encodeURIComponent(name)}.html" title="Draw and see the answer" width="960" height="800"></iframe>\n`,
};
