import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { loadEngine } from './engines.ts';
import { evaluate } from './evaluate.ts';
import { brightHalves, smallSpec } from './testing.ts';

it('probabilities are kept when asked for, and the score is the same', async () => {
  const source = brightHalves([0, 0, 600]);
  const spec = smallSpec([{ kind: 'flatten' }]);
  const params = initialParams(resolveNetwork(spec), 3);
  const engine = await loadEngine('onnx');
  const predictor = await engine.predictor({ spec, params, device: 'cpu', threads: 1 });
  const objective = {
    loss: { kind: 'crossEntropy', labelSmoothing: 0 },
    output: spec.output,
  } as const;
  const asked = { source, range: source.ranges.test, objective };
  const kept = await evaluate(predictor, { ...asked, keepsProbabilities: true }, setImmediate);
  const dropped = await evaluate(predictor, { ...asked, keepsProbabilities: false }, setImmediate);
  await predictor.dispose();
  expect(kept.probabilities).toHaveLength(600 * 3);
  expect(kept.probabilities!.every((p) => p > 0 && p < 1)).toBe(true);
  expect(dropped).toEqual({ score: kept.score, probabilities: null });
});
