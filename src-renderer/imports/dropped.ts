/** @file What a person dropped, pasted or chose, as a list of files with their paths inside it. */

export type SourceFile = { readonly path: string; readonly file: File };
/** Taken out of a drop while its event lasts: afterwards the browser forgets it. */
export type Dropped = {
  readonly entries: readonly FileSystemEntry[];
  readonly files: readonly File[];
};

export function droppedOf(data: DataTransfer): Dropped {
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  return { entries, files: [...data.files] };
}

/** Files chosen with a file or folder dialog. */
export const chosenOf = (files: FileList | null): Dropped => ({
  entries: [],
  files: [...(files ?? [])],
});

/** Every file, folders opened. Hidden files, which systems leave behind, are left out. */
export async function filesOf({ entries, files }: Dropped): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for (const entry of entries) await walk(entry, '', found);
  if (entries.length === 0) {
    for (const file of files) found.push({ path: file.webkitRelativePath || file.name, file });
  }
  const seen = found.filter(({ path }) => !path.split('/').some(isHidden));
  const [only] = seen;
  // A picture alone is no dataset; in a folder, it is one of a single unlabeled image.
  if (seen.length === 1 && only && isPicture(only.file)) {
    return [{ path: `images/${only.path}`, file: only.file }];
  }
  return seen;
}

export const isPicture = (file: File): boolean => file.type.startsWith('image/');

const isHidden = (name: string): boolean =>
  name.startsWith('.') || ['__MACOSX', 'Thumbs.db', 'desktop.ini'].includes(name);

async function walk(entry: FileSystemEntry, folder: string, found: SourceFile[]): Promise<void> {
  const path = folder + entry.name;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ path, file });
  } else if (isFolder(entry)) {
    for (const child of await childrenOf(entry)) await walk(child, `${path}/`, found);
  }
}

/** A reader gives a folder in portions, and an empty one at its end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** A name for the dataset: the folder's, or the file's without its endings. Several files have none. */
export function nameOf(paths: readonly string[]): string {
  const tops = new Set(paths.map((path) => path.split(/[\\/]/).filter(Boolean).at(0) ?? ''));
  const [top] = tops;
  if (tops.size !== 1 || top === undefined) return '';
  return top.replace(/(\.(zip|csv|jsonl|gz|ubyte|png|jpe?g))+$/i, '').trim();
}
