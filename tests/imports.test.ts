/** @file Imports go one way (ARCHITECTURE.md), and the core has no clock, dice or settings of its own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importViolations } from './importRules.ts';

const root = join(import.meta.dirname, '..');
const folders = ['src-core', 'src-main', 'src-preload', 'src-renderer'];
const files = folders.filter((folder) => existsSync(join(root, folder))).flatMap(sourcesBelow);

test('every file imports only what its part of the program may know', () => {
  expect(files.length).toBeGreaterThan(0);
  const violations = files.flatMap((path) =>
    importViolations({ path, text: readFileSync(join(root, path), 'utf8') }),
  );
  expect(violations).toEqual([]);
});

describe('the rule catches', () => {
  test.each([
    ['src-core/model/fake.ts', `import { ops } from '../graph/ops.ts'`],
    ['src-core/model/fake.ts', `import type { Value } from '../graph/value.ts'`],
    ['src-core/model/fake.ts', `export * from '../engine/engine.ts'`],
    ['src-core/model/fake.ts', `import { readFileSync } from 'node:fs'`],
    ['src-core/model/fake.ts', `import { readFileSync } from 'fs'`],
    ['src-core/graph/fake.ts', `const data = await import('../data/splits.ts')`],
    ['src-core/graph/fake.ts', `type Row = import('../workspace/records.ts').Row`],
    ['src-core/engine/fake.ts', `import '../workspace/workspace.ts'`],
    ['src-core/engine/fake.ts', `import sharp from 'sharp'`],
    ['src-core/workspace/fake.ts', `import '../engine/onnx.ts'`],
    ['src-core/training/fake.ts', `import '../data/cache.ts'`],
    ['src-core/training/fake.ts', `import '../app.ts'`],
    ['src-core/training/fake.ts', `import './testing.ts'`],
    ['src-core/data/fake.ts', `import { app } from 'electron'`],
    ['src-core/contract.ts', `import './workspace/workspace.ts'`],
    ['src-core/random.ts', `import './errors.ts'`],
    ['src-core/fake.ts', ``],
    ['src-main/fake.ts', `import '../src-core/workspace/workspace.ts'`],
    ['src-renderer/fake.ts', `import '../src-core/app.ts'`],
    ['src-renderer/fake.ts', `import '../src-core/errors.ts'`],
    ['src-renderer/View.svelte', `<script lang="ts">import '../src-core/app.ts'</script><p></p>`],
    ['src-preload/fake.ts', `import 'node:fs'`],
    ['src-core/data/fake.ts', `const now = Date.now()`],
    ['src-core/data/fake.ts', `const now = new Date()`],
    ['src-core/data/fake.ts', `const home = globalThis.process.env`],
    ['src-core/data/fake.ts', `const dice = Math.random`],
  ])('%s: %s', (path, text) => {
    expect(importViolations({ path, text })).toHaveLength(1);
  });
});

describe('the rule allows', () => {
  test.each([
    ['src-core/graph/fake.ts', `import { ModelSpec } from '../model/spec.ts'`],
    ['src-core/graph/fake.ts', `import protobuf from 'protobufjs/light.js'`],
    ['src-core/graph/fake.ts', `import { failure } from '../errors.ts'`],
    ['src-core/graph/fake.test.ts', `import * as ort from 'onnxruntime-node'`],
    ['src-core/data/import/fake.ts', `import { join } from 'node:path'`],
    ['src-core/app.ts', `import { snapshot } from './data/snapshot.ts'`],
    ['src-core/data/fake.ts', `const date = new Date(0) // not Date.now()`],
    ['src-renderer/fake.ts', `import { contract } from '../src-core/contract.ts'`],
    ['src-main/trainerEntry.ts', `import { openCache } from '../src-core/data/cache.ts'`],
  ])('%s: %s', (path, text) => {
    expect(importViolations({ path, text })).toEqual([]);
  });
});

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js|mjs|cjs|svelte)$/.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}
