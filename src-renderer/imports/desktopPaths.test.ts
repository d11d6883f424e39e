/** @file Which dropped files a desktop window reads where they lie. */
import { afterEach, expect, test, vi } from 'vitest';
import { desktopPaths } from './desktopPaths.ts';

afterEach(() => vi.unstubAllGlobals());

/** In a desktop window; of a file whose name begins so, the system knows no path. */
function onDesktop(): void {
  const pathOf = ({ name }: File) => (name.startsWith('pasted') ? '' : `/data/${name}`);
  vi.stubGlobal('window', { inkling: { pathOf, choose: () => Promise.resolve(null) } });
}

const picture = (name: string): File => new File(['x'], name, { type: 'image/png' });

test.each<[string, readonly File[], readonly string[] | null]>([
  ['loose pictures', [picture('a.png'), picture('b.png')], ['/data/a.png', '/data/b.png']],
  [
    'a folder and a list',
    [new File([], 'digits'), new File([], 'list.csv')],
    ['/data/digits', '/data/list.csv'],
  ],
  ['an archive', [new File(['x'], 'a.zip')], ['/data/a.zip']],
  ['a picture alone, which the page shows', [picture('a.png')], null],
  ['nothing', [], null],
])('%s: by path in a desktop window, sent in a browser', (_what, files, paths) => {
  expect(desktopPaths({ files })).toBeNull();
  onDesktop();
  expect(desktopPaths({ files })).toEqual(paths);
});

test('one of several that lies nowhere is named', () => {
  onDesktop();
  const files = [picture('a.png'), picture('pasted.png')];
  expect(() => desktopPaths({ files })).toThrow('pasted.png');
});
