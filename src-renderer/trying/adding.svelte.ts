/**
 * @file What lies on the pad becomes an image of a dataset, with its class. Several may be under way; each is told when
 * it is stored, and can be taken back from there.
 */
import type { ClassInfo, DatasetInfo } from '../../src-core/contract.ts';
import { freeName } from '../overview/names.ts';
import { app } from '../state/app.svelte.ts';
import { toasts } from '../state/toasts.svelte.ts';
import { api } from '../transport.ts';
import { base64Of } from './base64.ts';
import { pngOf } from './png.ts';
import type { Surface } from './surface.ts';
import type { Input } from './trying.svelte.ts';

/** `input`: as a network reads it; `whole`: all of the pad. */
export type AddedAs = 'input' | 'whole';

const madeName = 'My drawings';
/** Classes of a dataset that is made for drawings. */
export const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Chosen when the view was left. */
let remembered: number | null = null;

export class Adding {
  #chosen: number | null = $state(null);
  #note: number | null = null;
  /** A dataset on its way, so that drawings that follow fast go into the same one. */
  #made: Promise<DatasetInfo> | null = null;
  /** What was made, until the page hears of it. */
  #fresh: DatasetInfo | null = $state.raw(null);
  /** Class of the chosen dataset; null: unlabeled. */
  class: number | null = $state(null);
  as: AddedAs = $state('input');
  /** Empties the pad for the next drawing. */
  clears = $state(true);
  /** Since the view was opened, without those taken back. */
  count = $state(0);

  /** What is added to; undefined: there is no dataset. */
  readonly dataset: DatasetInfo | undefined = $derived(
    app.dataset(this.#chosen ?? 0) ?? app.datasets[0] ?? this.#fresh ?? undefined,
  );
  readonly classes: readonly ClassInfo[] = $derived(this.dataset?.classes ?? []);

  /** @param dataset null: the one of last time. */
  constructor(dataset: number | null) {
    this.#chosen = dataset ?? remembered;
  }

  choose(dataset: number): void {
    this.#chosen = dataset;
    remembered = dataset;
    this.class = null;
  }

  /**
   * Where there is no dataset, one for digits is made.
   *
   * @param label a class by its id, or one of `digits` where there is no dataset; null: unlabeled.
   */
  async add(surface: Surface, input: Input, label: number | string | null): Promise<void> {
    const png = await (this.as === 'input' ? pngOfInput(input) : pngOfWhole(surface));
    const dataset = this.dataset ?? (await this.makeDataset());
    const chosen = dataset.classes.find(({ id, name }) => id === label || name === label);
    const name = `drawing ${stamp(new Date())}.png`;
    const picture = base64Of(png);
    const { image, isNew } = await app.saving(
      api.images.add({ dataset: dataset.id, class: chosen?.id ?? null, name, picture }),
    );
    if (!isNew) return app.toast('This very picture is there already.');
    this.count++;
    // One for the last: of many in a row, the notes would cover the view.
    if (this.#note !== null) toasts.dismiss(this.#note);
    this.#note = toasts.note(`Added to ${dataset.name}${chosen ? ` as ${chosen.name}` : ''}.`, {
      label: 'Undo',
      run: () => this.#takeBack(dataset.id, image).catch(app.problem),
    });
  }

  makeDataset(): Promise<DatasetInfo> {
    this.#made ??= this.#make().finally(() => (this.#made = null));
    return this.#made;
  }

  async #make(): Promise<DatasetInfo> {
    const name = freeName(madeName, new Set(app.datasets.map((each) => each.name)));
    const made = await api.datasets.create({ name, classes: [...digits] });
    this.choose(made.id);
    this.#fresh = made;
    return made;
  }

  async #takeBack(dataset: number, image: number): Promise<void> {
    await app.saving(api.images.remove({ dataset, target: { kind: 'images', ids: [image] } }));
    this.count--;
    app.toast('Taken back.');
  }
}

const pngOfInput = ({ reading, shape }: Input): Promise<Uint8Array> => pngOf(reading.pixels, shape);

/** Ink bright on black, as digits come; a picture in its colors. */
function pngOfWhole({ ink, colors, width, height }: Surface): Promise<Uint8Array> {
  if (colors === null) return pngOf(ink, { channels: 1, width, height });
  const planes = new Uint8Array(3 * width * height);
  for (const [c, levels] of [colors.red, colors.green, colors.blue].entries())
    planes.set(levels, c * width * height);
  return pngOf(planes, { channels: 3, width, height });
}

/** `2026-11-21 12.00.05.123`: local time, without signs that file names cannot have. */
export function stamp(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join('.');
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
