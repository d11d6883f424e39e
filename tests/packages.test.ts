/** @file What an installation brings: the same on every system, from the registry alone, with nothing run or built. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const versions = z.record(z.string(), z.string()).default({});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      optionalDependencies: versions,
    }),
  ),
});
const Manifest = z.object({
  dependencies: versions,
  devDependencies: versions,
  optionalDependencies: versions,
  allowScripts: z.record(z.string(), z.boolean()),
});
const { packages } = Lock.parse(read('package-lock.json'));
const manifest = Manifest.parse(read('package.json'));

test('the lockfile lists the packages of every platform', () => {
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(place, name))
      .map((name) => `${place === '' ? 'package.json' : place} wants ${name}`),
  );
  expect(missing).toEqual([]);
});

test('the lockfile checks every package and names no server', () => {
  const installed = Object.entries(packages).filter(([place]) => place !== '');
  expect(installed.filter(([, it]) => it.integrity === undefined).map(([place]) => place)).toEqual(
    [],
  );
  expect(installed.filter(([, it]) => it.resolved !== undefined).map(([place]) => place)).toEqual(
    [],
  );
});

test('no package runs a script when it is installed', () => {
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  const scripted = Object.keys(packages).filter((place) => packages[place]!.hasInstallScript);
  const allowed = scripted.filter((place) => manifest.allowScripts[nameOf(place)] !== false);
  expect(allowed).toEqual([]);
});

test('every direct dependency is pinned to one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
    .map(([name, version]) => `${name}@${version}`);
  expect(loose).toEqual([]);
});

/** Whether `name` is installed where the package at `place` looks for it: below itself, or below a folder above. */
function isLocked(place: string, name: string): boolean {
  const above = place.lastIndexOf('node_modules/');
  const here = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`;
  return (
    here in packages || (above >= 0 && isLocked(place.slice(0, above).replace(/\/$/, ''), name))
  );
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}
