/** @file Changes to a plan leave everything else as it is, the plan they began from included. */
import { expect, test } from 'vitest';
import type { LayerSpec, TrainPlan } from '../../src-core/contract/training.ts';
import {
  differs,
  layerAdded,
  layerMoved,
  layerRemoved,
  layersAt,
  runsOf,
  valueAt,
  withActivation,
  withPreset,
  withValue,
} from './plan.ts';
import { examplePlan } from './testing.ts';

const dense = (units: number): Extract<LayerSpec, { kind: 'dense' }> => ({
  kind: 'dense',
  units,
  activation: { name: 'relu' },
});
const flatten: LayerSpec = { kind: 'flatten' };
const block: LayerSpec = {
  kind: 'residual',
  layers: [dense(1), dense(2), dense(3)],
  activation: { name: 'relu' },
};
const of = (...layers: LayerSpec[]): TrainPlan => ({ ...examplePlan, layers });
const units = (layers: readonly LayerSpec[]): (number | string)[] =>
  layers.map((layer) => (layer.kind === 'dense' ? layer.units : layer.kind));

test.each<[string, TrainPlan, (number | string)[]]>([
  ['added at the end', layerAdded(of(flatten), 'layers', dense(5)), ['flatten', 5]],
  ['removed', layerRemoved(of(flatten, dense(1), dense(2)), 'layers', 1), ['flatten', 2]],
  ['moved down', layerMoved(of(dense(1), dense(2), dense(3)), 'layers', 0, 2), [2, 3, 1]],
  ['moved up', layerMoved(of(dense(1), dense(2), dense(3)), 'layers', 2, 0), [3, 1, 2]],
  ['not moved out of the list', layerMoved(of(dense(1), dense(2)), 'layers', 1, 2), [1, 2]],
])('a layer is %s', (_what, plan, expected) => {
  expect(units(plan.layers)).toEqual(expected);
});

test('layers inside a residual block are edited where they are', () => {
  const plan = of(flatten, block);
  const list = 'layers.1.layers';
  expect(units(layersAt(layerMoved(plan, list, 0, 2), list))).toEqual([2, 3, 1]);
  expect(units(layersAt(layerRemoved(plan, list, 1), list))).toEqual([1, 3]);
  expect(units(layersAt(layerAdded(plan, list, dense(4)), list))).toEqual([1, 2, 3, 4]);
  expect(units(layersAt(plan, list))).toEqual([1, 2, 3]);
});

test('a field is read and changed by the path the core names it by', () => {
  const plan = of(flatten, block);
  expect(valueAt(plan, 'layers.1.layers.2.units')).toBe(3);
  const changed = withValue(plan, 'layers.1.layers.2.units', 30);
  expect(valueAt(changed, 'layers.1.layers.2.units')).toBe(30);
  expect(valueAt(plan, 'layers.1.layers.2.units')).toBe(3);
  expect(valueAt(withValue(plan, 'options.epochs', 7), 'options.epochs')).toBe(7);
  expect(valueAt(plan, 'options.earlyStopping.patience')).toBeNull();
});

test.each<[readonly string[], string, readonly string[], readonly string[]]>([
  [[], 'swish', ['swish'], ['swish']],
  [['relu', 'elu'], 'swish', ['swish'], ['relu', 'elu', 'swish']],
  [['relu', 'swish', 'elu'], 'swish', ['swish', 'swish:2'], ['relu', 'swish', 'swish:2', 'elu']],
  [['swish:2', 'elu'], 'swish', [], ['elu']],
])('of %j, %s becomes %j', (before, name, labels, after) => {
  const plan = { ...examplePlan, activations: [...before] };
  expect(withActivation(plan, name, labels).activations).toEqual(after);
});

test('a plan is as many runs as it has activations times seeds, one at least', () => {
  const plan = { ...examplePlan, activations: ['relu', 'elu'], seeds: [1, 2, 3] };
  expect(runsOf(plan)).toBe(6);
  expect(runsOf({ ...plan, activations: [] })).toBe(3);
});

test('another preset brings its layers and options; what was chosen beside them stays', () => {
  const chosen = withValue(
    { ...examplePlan, activations: ['relu', 'elu'], seeds: [7], limit: 100 },
    'options.epochs',
    9,
  );
  const preset = withValue({ ...of(flatten), preset: 'softmax' }, 'options.learningRate', 0.5);
  const next = withPreset(chosen, preset);
  expect(next).toMatchObject({ preset: 'softmax', layers: [flatten], seeds: [7], limit: 100 });
  expect(next.activations).toEqual(['relu', 'elu']);
  expect(next.options).toMatchObject({ epochs: 9, learningRate: 0.5 });
});

test('plans are told apart by what they say, not by the order it is said in', () => {
  const { seeds, ...rest } = examplePlan;
  expect(differs({ seeds, ...rest }, examplePlan)).toBe(false);
  expect(differs(withValue(examplePlan, 'options.epochs', 6), examplePlan)).toBe(true);
});
