/** @file Device discovery on the computer that runs the tests, whatever it has. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startTrial } from '../../src-main/trainerProcess.ts';
import { devices, tryProvider } from './devices.ts';

const found = await devices(startTrial);

describe('the list of devices', () => {
  test('names every device of both engines once', () => {
    expect(found.map(({ engine, id }) => `${engine} ${id}`)).toEqual([
      'onnx cpu',
      'onnx webgpu',
      'onnx cuda',
      'onnx dml',
      'onnx coreml',
      'tfjs tensorflow',
      'tfjs cpu',
    ]);
  });

  test('always has a processor that can train', () => {
    expect(found[0]).toEqual({
      engine: 'onnx',
      id: 'cpu',
      label: 'CPU',
      available: true,
      training: true,
    });
  });

  test.each(found.filter((device) => !device.available))(
    'says why $engine $id is absent and what to do',
    ({ reason, hint }) => {
      expect(reason).toMatch(/^\S.*[^.\s]$/);
      expect(hint).toMatch(/^[A-Z].*\.$/);
    },
  );
});

test('a provider that does not exist is an answer, not a crash', async () => {
  expect(await tryProvider(startTrial, 'abacus')).toMatchObject({ ok: false });
});

test('a trial that takes too long is ended', async () => {
  const trial = await tryProvider(startTrial, 'cpu', 1);
  expect(trial).toEqual({ ok: false, reason: 'its driver did not answer within 0.001 seconds' });
});

const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const hasSwiftShader = existsSync(swiftShader);
if (!hasSwiftShader) console.warn(`WebGPU trial skipped: no SwiftShader at ${swiftShader}`);

test.skipIf(!hasSwiftShader)('WebGPU imitated by SwiftShader is found and called so', async () => {
  const before = process.env['VK_ICD_FILENAMES'];
  process.env['VK_ICD_FILENAMES'] = swiftShader;
  try {
    expect(await tryProvider(startTrial, 'webgpu')).toEqual({ ok: true, software: 'SwiftShader' });
  } finally {
    if (before === undefined) delete process.env['VK_ICD_FILENAMES'];
    else process.env['VK_ICD_FILENAMES'] = before;
  }
});
