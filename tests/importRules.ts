/**
 * @file Which part of the program may import which. Imports go one way: hosts → app → {data, training, inspect,
 * export} → {engine, workspace} → graph → model. The tables below are the whole rule; `importViolations` reads
 * them against one file's text. Tests, and what only tests share, may import anything.
 */
import { posix } from 'node:path';
import ts from 'typescript';

export type SourceFile = { readonly path: string; readonly text: string };

type Part = {
  /** Parts of the program this one may import, itself and `everywhere` aside. */
  readonly parts: readonly string[];
  /** Packages this one may import; `node:` stands for every module of Node. */
  readonly packages: readonly string[];
};

/** Imported by all of the core and its hosts; they import nothing. */
const everywhere = ['src-core/errors.ts', 'src-core/random.ts', 'src-core/folders.ts'];

const base = ['src-core/model', 'src-core/graph'];
const middle = [...base, 'src-core/engine', 'src-core/workspace'];
const fileFormats = ['src-core/training/safetensors.ts', 'src-core/data/export/zipFile.ts'];
const tasks = ['src-core/data', 'src-core/training', 'src-core/inspect', 'src-core/export'];

/** A file belongs to the longest entry that its path begins with. */
const parts: Readonly<Record<string, Part>> = {
  'src-core/errors.ts': { parts: [], packages: [] },
  'src-core/random.ts': { parts: [], packages: [] },
  'src-core/folders.ts': { parts: [], packages: ['node:'] },
  // Pure: no input or output at all, so no module of Node.
  'src-core/model': { parts: [], packages: ['zod'] },
  'src-core/graph': { parts: ['src-core/model'], packages: ['protobufjs'] },
  'src-core/engine': {
    parts: base,
    packages: ['node:', 'zod', 'onnxruntime-node', '@tensorflow/*'],
  },
  'src-core/workspace': { parts: base, packages: ['node:', 'zod', 'better-sqlite3'] },
  'src-core/data': {
    parts: [...middle, ...fileFormats],
    packages: ['node:', 'zod', 'sharp', 'yauzl', 'csv-parse'],
  },
  'src-core/training': { parts: [...middle, ...fileFormats], packages: ['node:', 'zod'] },
  'src-core/inspect': { parts: middle, packages: ['node:', 'zod', 'umap-js'] },
  'src-core/export': {
    parts: [...middle, ...fileFormats],
    // csv-parse: reports read their tables back with a reader that is not their writer.
    packages: ['node:', 'zod', 'onnxruntime-node', '@tensorflow/*', 'h5wasm', 'yauzl', 'csv-parse'],
  },
  // Runs in exported pages and in the app's own.
  'src-core/export/page': { parts: [], packages: [] },
  // Two file formats that belong to one task and serve others as well.
  'src-core/training/safetensors.ts': { parts: ['src-core/engine'], packages: ['node:', 'zod'] },
  'src-core/data/export/zipFile.ts': { parts: [], packages: ['node:'] },
  // The page reads it too, so it may bring in nothing but descriptions.
  'src-core/contract.ts': {
    parts: ['src-core/model', 'src-core/contract'],
    packages: ['zod', '@orpc/contract'],
  },
  'src-core/contract': { parts: ['src-core/model'], packages: ['zod', '@orpc/contract'] },
  'src-core/app.ts': {
    parts: ['src-core/app', 'src-core/contract.ts', 'src-core/contract', ...middle, ...tasks],
    packages: ['node:', 'zod'],
  },
  // Carries calls from pages to the app, in every host.
  'src-core/router.ts': {
    parts: ['src-core/app.ts', 'src-core/app', 'src-core/contract.ts', 'src-core/contract'],
    packages: ['@orpc/server'],
  },
  // What the composition root puts together from several parts.
  'src-core/app': {
    parts: ['src-core/contract.ts', 'src-core/contract', ...middle, ...tasks, ...fileFormats],
    packages: ['node:', 'zod', 'sharp'],
  },
  // Hosts carry calls. The trainer's is the one that puts data and training together in their own process.
  'src-main': {
    parts: [
      'src-core/app.ts',
      'src-core/router.ts',
      'src-core/contract.ts',
      'src-core/contract',
      'src-core/training',
      'src-core/inspect',
      'src-main/trainerEntry.ts',
      'src-main/inspectorEntry.ts',
    ],
    packages: ['node:', 'zod', 'commander', 'electron', 'ws', '@orpc/*'],
  },
  'src-main/trainerEntry.ts': {
    parts: ['src-core/data', 'src-core/training'],
    packages: ['node:'],
  },
  // The same for the inspector, which opens files of other programs and writes exports besides.
  'src-main/inspectorEntry.ts': {
    parts: [
      'src-core/app',
      'src-core/data',
      'src-core/training',
      'src-core/inspect',
      'src-core/export',
    ],
    packages: ['node:'],
  },
  'src-preload': { parts: ['src-core/contract.ts'], packages: ['electron'] },
  'src-renderer': {
    parts: ['src-core/contract.ts', 'src-core/contract', 'src-core/export/page'],
    packages: ['svelte', 'zod', '@lucide/svelte', '@orpc/*', 'chart.js'],
  },
};

/** Only pages may reach for these; the core is given time, randomness and settings by its host. */
const ambient: readonly (readonly [object: string, member: string])[] = [
  ['process', 'env'],
  ['Date', 'now'],
  ['performance', 'now'],
  ['Math', 'random'],
  ['crypto', 'randomUUID'],
  ['crypto', 'getRandomValues'],
];

/** Processes and pages of their own: the program they start in is their host. */
const ambientAllowed: readonly string[] = [
  'src-core/engine/deviceTrial.ts',
  'src-core/export/page/page.js',
];

/** Each broken rule of one file as a sentence. */
export function importViolations(file: SourceFile): string[] {
  if (isTestCode(file.path)) return [];
  const part = partOf(file.path);
  if (part === null) return [`${file.path} belongs to no part that tests/importRules.ts knows.`];
  const script = file.path.endsWith('.svelte') ? scriptOf(file.text) : file.text;
  const imports = ts.preProcessFile(script, true, true).importedFiles.map((it) => it.fileName);
  return [
    ...imports.flatMap((specifier) => problemOf(file.path, part, specifier) ?? []),
    ...(file.path.startsWith('src-core/') && !ambientAllowed.includes(file.path)
      ? ambientUses({ path: file.path, text: script })
      : []),
  ];
}

/** Code that ships in no program: tests, and the files of helpers beside them. */
function isTestCode(path: string): boolean {
  return path.endsWith('.test.ts') || ['fixture.ts', 'testing.ts'].includes(posix.basename(path));
}

function partOf(path: string): string | null {
  const names = Object.keys(parts).filter((name) => path === name || path.startsWith(`${name}/`));
  return names.sort((a, b) => b.length - a.length)[0] ?? null;
}

function problemOf(path: string, part: string, specifier: string): string | null {
  const problem = specifier.startsWith('.')
    ? pathProblem(part, posix.join(posix.dirname(path), specifier))
    : packageProblem(part, specifier);
  return problem === null ? null : `${path} may not import ${specifier}: ${problem}.`;
}

function pathProblem(part: string, target: string): string | null {
  if (isTestCode(target)) return 'that is test code';
  const targetPart = partOf(target);
  if (targetPart === null) return `${target} is no part of the program`;
  const allowed = [part, ...parts[part]!.parts];
  // A page stands outside the core, and gets even the shared files through the contract alone.
  if (!/^src-(renderer|preload)$/.test(part) && !everywhere.includes(part)) {
    allowed.push(...everywhere);
  }
  return allowed.includes(targetPart) ? null : `${part} may not know ${targetPart}`;
}

function packageProblem(part: string, specifier: string): string | null {
  const isAllowed = parts[part]!.packages.some((allowed) => {
    if (allowed.endsWith(':')) return specifier.startsWith(allowed);
    if (allowed.endsWith('/*')) return specifier.startsWith(allowed.slice(0, -1));
    return specifier === allowed || specifier.startsWith(`${allowed}/`);
  });
  return isAllowed ? null : `${part} may not use this package`;
}

function ambientUses({ path, text }: SourceFile): string[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const use = ambientUse(node);
    if (use !== null) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
      found.push(`${path}:${line} uses ${use}: the core is given time, randomness and settings.`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function ambientUse(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) {
    const object = ts.isPropertyAccessExpression(node.expression)
      ? node.expression.name // globalThis.process.env
      : node.expression;
    const isListed = ambient.some(
      ([name, member]) =>
        ts.isIdentifier(object) && object.text === name && node.name.text === member,
    );
    return isListed && ts.isIdentifier(object) ? `${object.text}.${node.name.text}` : null;
  }
  const isClock =
    ts.isNewExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'Date' &&
    (node.arguments ?? []).length === 0;
  return isClock ? 'new Date()' : null;
}

/** The scripts of a Svelte component, one below the other. */
function scriptOf(component: string): string {
  return [...component.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)]
    .map((match) => match[1]!)
    .join('\n');
}
