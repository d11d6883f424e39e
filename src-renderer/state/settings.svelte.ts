/** @file What the person has chosen, kept in the workspace: one table of settings with their usual values. */
import { z } from 'zod';
import { StoredRunsView, usualRunsView } from '../runs/viewOptions.ts';
import { shortcuts } from '../shortcuts.svelte.ts';
import { api } from '../transport.ts';

/** A stored value that no longer fits counts as not set. */
const schemas = {
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  autoAdvance: z.boolean().catch(true),
  /** CSS px of a tile in the grid. */
  tileSize: z.int().min(16).max(96).catch(48),
  runsView: StoredRunsView,
  /** `#rrggbb` by run, where the person chose one. */
  runColors: z.record(z.string(), z.string().regex(/^#[0-9a-f]{6}$/)).catch({}),
  /** The system tells when runs end while the window is not in use. */
  notifiesRuns: z.boolean().catch(false),
};
type Values = { readonly [K in keyof typeof schemas]: z.infer<(typeof schemas)[K]> };
export type Theme = Values['theme'];

const keysSetting = 'keys';
const names = Object.keys(schemas) as readonly (keyof Values)[];

class Settings {
  values: Values = $state.raw({
    ...{ theme: 'system', autoAdvance: true, tileSize: 48 },
    ...{ runsView: usualRunsView, runColors: {}, notifiesRuns: false },
  });
  #failed: (error: unknown) => void = () => {};

  /** @param failed told when a setting could not be stored. */
  async load(failed: (error: unknown) => void): Promise<void> {
    this.#failed = failed;
    const stored = await Promise.all(
      names.map(async (key) => [key, schemas[key].parse(await api.settings.get({ key }))] as const),
    );
    // Every name of the table is there, each parsed by its own schema.
    this.values = Object.fromEntries(stored) as unknown as Values;
    shortcuts.restore(await api.settings.get({ key: keysSetting }), (bindings) =>
      this.#store(keysSetting, bindings),
    );
  }

  set<K extends keyof Values>(key: K, value: Values[K]): void {
    this.values = { ...this.values, [key]: value };
    this.#store(key, value);
  }

  #store(key: string, value: unknown): void {
    api.settings.set({ key, value }).catch(this.#failed);
  }
}

export const settings = new Settings();
