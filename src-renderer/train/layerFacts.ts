/** @file What the core found of a layer of the plan: what comes out of it, and how many parameters it has. */
import type { PlanLayer, PlanReport } from '../../src-core/contract/training.ts';
import type { ListPath } from './plan.ts';

/** Null: nothing is known, because the layers do not fit each other or the plan is not judged yet. */
export function layerFound(
  network: PlanReport['network'],
  list: ListPath,
  index: number,
): PlanLayer | null {
  const layers = network?.layers ?? [];
  const among = list === 'layers' ? layers : (blockOf(layers, list)?.inner ?? []);
  return among.find((each) => each.index === index) ?? null;
}

/** The convolution past the block whose layers these are; null: the image is added as it is. */
export function shortcutFound(network: PlanReport['network'], list: ListPath): PlanLayer | null {
  const block = blockOf(network?.layers ?? [], list);
  return block?.inner.find(({ index }) => index === null) ?? null;
}

type Layers = NonNullable<PlanReport['network']>['layers'];

const blockOf = (layers: Layers, list: ListPath): Layers[number] | undefined =>
  layers.find(({ index }) => index === Number(list.split('.')[1]));
