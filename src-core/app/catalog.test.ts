/** @file The catalog holds every row of every table, with words a person can read. */
import { describe, expect, it } from 'vitest';
import { Catalog } from '../contract/training.ts';
import { constantOf, defaultActivation } from '../model/activations.ts';
import { augmentations } from '../model/choices.ts';
import { presets } from '../model/presets.ts';
import {
  type ActivationName,
  ActivationSpec,
  LayerSpec,
  LossSpec,
  OptimizerSpec,
  ScheduleSpec,
} from '../model/spec.ts';
import { readCatalog, readCurves } from './catalog.ts';

const catalog = await readCatalog();
/** The names a union of the schema knows. */
const kinds = (schema: {
  readonly options: readonly { readonly shape: Record<string, unknown> }[];
}) =>
  schema.options.map(({ shape }) => {
    const named = (shape['kind'] ?? shape['name']) as { readonly value: string };
    return named.value;
  });

describe('the catalog', () => {
  it('is what the contract says', () => {
    expect(Catalog.parse(catalog)).toEqual(catalog);
  });

  it.each([
    ['activations', catalog.activations.map(({ name }) => name), kinds(ActivationSpec)],
    ['layers', catalog.layers.map(({ kind }) => kind), kinds(LayerSpec)],
    ['optimizers', catalog.optimizers.map(({ kind }) => kind), kinds(OptimizerSpec)],
    ['schedules', catalog.schedules.map(({ kind }) => kind), kinds(ScheduleSpec)],
    ['losses', catalog.losses.map(({ kind }) => kind), kinds(LossSpec)],
    ['presets', catalog.presets.map(({ name }) => name), Object.keys(presets)],
    ['augmentations', catalog.augmentations.map(({ name }) => name), Object.keys(augmentations)],
  ])('has all %s', (_, listed, known) => {
    expect(listed.toSorted()).toEqual(known.toSorted());
  });

  it('explains everything in a sentence', () => {
    const { layers, optimizers, schedules, losses } = catalog;
    const sentences = [
      ...catalog.activations.flatMap(({ sentence, use }) => [sentence, use]),
      ...catalog.presets.map(({ purpose }) => purpose),
      ...[layers, optimizers, schedules, losses, catalog.augmentations].flatMap((rows) =>
        rows.map(({ sentence }) => sentence),
      ),
    ];
    for (const sentence of sentences) expect(sentence).toMatch(/^\S.{10,110}\.$/);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  it.each(catalog.activations.filter(({ constant }) => constant !== null))(
    'gives the limits of the constant of $name as the schema has them',
    ({ name, constant }) => {
      const { field, usual, min, max } = constant!;
      const fits = (value: number) => ActivationSpec.safeParse({ name, [field]: value }).success;
      expect([min, usual, max].map(fits)).toEqual([true, true, true]);
      expect(fits(max + 1)).toBe(false);
      expect(fits(min - 1)).toBe(false);
    },
  );

  it('names a constant wherever the schema has one', () => {
    for (const name of kinds(ActivationSpec)) {
      const fields = Object.keys(ActivationSpec.parse({ name })).filter((key) => key !== 'name');
      // The names are those of the schema itself.
      const known = constantOf(name as ActivationName);
      expect(fields).toEqual(known ? [known.field] : []);
    }
  });

  it('draws f and f′ over −5 … 5, the binary step without any slope', () => {
    for (const { f, slope } of catalog.activations) {
      expect([f.x[0], f.x.at(-1), f.x.length, f.y.length, slope.y.length]).toEqual([
        -5, 5, 101, 101, 101,
      ]);
    }
    const step = catalog.activations.find(({ name }) => name === 'step')!;
    expect(new Set(step.slope.y)).toEqual(new Set([0]));
    expect(step.f.y.slice(-2)).toEqual([1, 1]);
    expect(defaultActivation('prelu')).toMatchObject({ initial: 0.25 });
    const prelu = catalog.activations.find(({ name }) => name === 'prelu')!;
    expect([prelu.slope.y[0], prelu.slope.y[100]]).toEqual([0.25, 1]);
  });

  it('draws activations with constants of their own', async () => {
    const [elu, leaky] = await readCurves(['elu', 'leaky-relu:0.5']);
    const usual = catalog.activations.find(({ name }) => name === 'elu')!;
    expect(elu).toEqual({ activation: 'elu', f: usual.f, slope: usual.slope });
    expect([leaky!.f.y[0], leaky!.slope.y[0], leaky!.f.y[100]]).toEqual([-2.5, 0.5, 5]);
  });
});
