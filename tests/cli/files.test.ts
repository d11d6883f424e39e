/** @file From a folder of pictures to a file that answers like the run it came from, and what doctor says. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import {
  digitPng,
  importedRows,
  inkling,
  inside,
  keptFolder,
  result,
  resultSaid,
  said,
  write,
} from './inkling.ts';

const mnist = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'mnist');

describe('a trained run', () => {
  const workspace = keptFolder();
  const pictures = keptFolder();
  const out = keptFolder();
  let images: string[];

  beforeAll(async () => {
    const digits = await Promise.all(Array.from({ length: 300 }, (_, i) => digitPng(i)));
    const files = digits.map(({ label, bytes }, i) => [`${label}/${i}.png`, bytes] as const);
    write(pictures, Object.fromEntries(files));
    images = files.slice(0, 12).map(([name]) => join(pictures, name));
    await result(workspace, 'import', pictures, '--dataset', 'scans');
    const how = ['--preset', 'lenet', '--epochs', '2', '--batch', '16'];
    await result(workspace, 'train', '--dataset', 'scans', ...how);
  });

  const Exported = z.object({
    format: z.literal('onnx'),
    files: z.array(z.string()),
    verified: z.object({ samples: z.number(), maxAbsDiff: z.number(), agree: z.number() }),
  });
  const Predictions = z.array(
    z.object({
      image: z.string(),
      label: z.string(),
      probabilities: z.record(z.string(), z.number()),
    }),
  );

  it('is exported, verified, and predicts the same as its file', async () => {
    const words = ['export', 'r1', '--format', 'onnx', '--out', out] as const;
    const { files, verified } = Exported.parse(await result(workspace, ...words));
    expect(verified).toMatchObject({ samples: 30, agree: 30 });
    expect(verified.maxAbsDiff).toBeLessThanOrEqual(1e-5);
    const file = files.find((name) => name.endsWith('.onnx'))!;
    const byRun = Predictions.parse(await result(workspace, 'predict', 'r1', ...images));
    const byFile = Predictions.parse(await resultSaid(workspace, 'predict', file, ...images));
    expect(byFile.map(({ image }) => image)).toEqual(images);
    for (const [i, { label, probabilities }] of byFile.entries()) {
      expect(label).toBe(byRun[i]!.label);
      expect(Object.keys(probabilities)).toEqual([...'0123456789']);
      for (const [name, p] of Object.entries(probabilities))
        expect(Math.abs(p - byRun[i]!.probabilities[name]!)).toBeLessThanOrEqual(1e-5);
    }
    const again = await said(workspace, ...words);
    expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/^error file-exists: /) });
    expect(await resultSaid(workspace, ...words, '--overwrite')).toMatchObject({ format: 'onnx' });
  });

  it('travels in a capsule, and comes out the same elsewhere', async () => {
    const how = ['--format', 'capsule', '--with-images', '--out', out];
    const written = await resultSaid(workspace, 'export', 'r1', ...how);
    expect(written).toMatchObject({ verified: { kind: 'parsed-back', files: 1 } });
    const elsewhere = keptFolder();
    const opened = await result(elsewhere, 'open-capsule', join(out, 'r1.inkling'));
    expect(opened).toMatchObject({ run: 'r1', cameFrom: 'r1', dataset: { name: 'scans' } });
    const repeated = await inkling(elsewhere, 'repeat', 'r1');
    expect(repeated.out).toContain('pass: the same parameters as r1');
    expect(repeated.code).toBe(0);
  });

  it('is reported, and calibrated on the way out', async () => {
    const words = ['export', 'r1', '--format', 'report', '--out', out] as const;
    const report = await resultSaid(workspace, ...words);
    expect(report).toMatchObject({ verified: { kind: 'parsed-back', files: 5 } });
    const how = ['--calibrate', '--unsure-below', '0.5', '--out', keptFolder()];
    const { confidence } = z
      .object({ confidence: z.object({ temperature: z.object({ value: z.number() }) }) })
      .parse(await resultSaid(workspace, 'export', 'r1', ...how));
    expect(confidence.temperature.value).toBeGreaterThan(0);
    const refused = await said(workspace, 'export', 'r1', '--unsure-below', '0', '--out', out);
    expect(refused.err).toMatch(/^error setting-invalid: /);
    const useless = ['--format', 'report', '--calibrate', '--out', out];
    const { code, err } = await inkling(workspace, 'export', 'r1', ...useless);
    expect(code).toBe(1);
    expect(err).toMatch(/^error export-choice-useless: .+ report .+\n.+: onnx, onnx-int8, .+\.\n$/);
  });

  it('is inspected: every test image is in the confusion matrix', async () => {
    const Inspection = z.object({ samples: z.number(), confusion: z.array(z.array(z.number())) });
    const { samples, confusion } = Inspection.parse(await result(workspace, 'inspect', 'r1'));
    expect(samples).toBe(30);
    expect(confusion.flat().reduce((sum, n) => sum + n, 0)).toBe(30);
  });

  it.each([
    ['a format that there is not', 'export-format-unknown', ['export', 'r1', '--format', 'abacus']],
    ['a folder that is a file', 'folder-unwritable', ['export', 'r1']],
  ])('is not exported to %s', async (_name, code, words) => {
    const blocked = join(write(keptFile(), { occupied: '' }), 'occupied');
    const { code: exit, err } = await said(workspace, ...words, '--out', join(blocked, 'below'));
    expect(exit).toBe(1);
    expect(err).toMatch(new RegExp(`^error ${code}: .+\\n.+\\n$`));
  });

  const keptFile = () => join(out, 'blocked');

  it.each([
    ['is not there', 'path-missing', 'none.png'],
    ['is no picture', 'image-unsupported', 'words.png'],
  ])('predicts nothing for a picture that %s', async (_name, code, name) => {
    write(out, { 'words.png': 'not a picture' });
    const ended = await said(workspace, 'predict', 'r1', images[0]!, join(out, name), '--json');
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toMatch(new RegExp(`^error ${code}: .*${name}`));
  });

  it('leaves no unfinished export behind', () => {
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

test('doctor finds the database sound and the processor', async () => {
  const folder = keptFolder();
  inside(folder, () => {});
  const report = await result(folder, 'doctor');
  expect(report).toMatchObject({ workspace: { writable: true, problems: [] } });
  const Devices = z.object({
    devices: z.array(
      z.union([
        z.object({ id: z.string(), available: z.literal(true) }),
        z.object({ id: z.string(), available: z.literal(false), reason: z.string().min(5) }),
      ]),
    ),
  });
  const { devices } = Devices.parse(report);
  expect(devices).toContainEqual(expect.objectContaining({ id: 'cpu', available: true }));
});

const hasMnist = existsSync(mnist);
if (!hasMnist) console.log(`skipped: the original MNIST is not at ${mnist}`);

test.skipIf(!hasMnist)(
  'the original MNIST: 54 000 to train, 6 000 held out, 10 000 to test',
  async () => {
    const workspace = keptFolder();
    const report = await result(workspace, 'import', mnist, '--dataset', 'mnist');
    expect(report).toMatchObject({
      images: 70_000,
      duplicates: 0,
      splits: { train: 54_000, validation: 6_000, test: 10_000, none: 0 },
      skippedCount: 0,
    });
    const { classes } = z
      .object({ classes: z.array(z.object({ count: z.number() })) })
      .parse(report);
    expect(classes.map(({ count }) => count)).toEqual([
      6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958,
    ]);
    expect(importedRows(workspace)).toMatchObject({ dataset: 1, class: 10, image: 70_000 });
  },
);
