/** @file Which runs can say something about the images of a dataset. */
import type { ModelInfo } from '../../src-core/contract/inspecting.ts';

/** Runs that know at least one of the classes. */
export const fittingModels = (
  models: readonly ModelInfo[],
  classes: readonly string[],
): readonly ModelInfo[] =>
  models.filter(
    (each) => each.model.kind === 'run' && each.classes.some((name) => classes.includes(name)),
  );

/** The first of the list, which is newest first. */
export function newestFinished(models: readonly ModelInfo[]): string | null {
  const found = models.find(({ isFinished }) => isFinished === true);
  return found?.model.kind === 'run' ? found.model.run : null;
}
