/** @file The filters a dataset has under a name, kept in the workspace's settings. */
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';
import { SavedFilters, savedFiltersMax, type SavedFilter } from './filters.ts';

export class SavedFilterState {
  list: readonly SavedFilter[] = $state.raw([]);
  readonly #key: string;

  constructor(dataset: number) {
    this.#key = `dataset.${dataset}.filters`;
  }

  async load(): Promise<void> {
    try {
      // Stored values that no longer fit count as none.
      this.list = SavedFilters.safeParse(await api.settings.get({ key: this.#key })).data ?? [];
    } catch (error) {
      app.problem(error);
    }
  }

  /** A filter of the same name is replaced. */
  put(filter: SavedFilter): void {
    const others = this.list.filter(({ name }) => name !== filter.name);
    this.#store([...others, filter].slice(-savedFiltersMax));
  }

  remove(name: string): void {
    this.#store(this.list.filter((each) => each.name !== name));
  }

  #store(list: readonly SavedFilter[]): void {
    this.list = list;
    app.saving(api.settings.set({ key: this.#key, value: list })).catch(app.problem);
  }
}
