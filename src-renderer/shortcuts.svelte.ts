/**
 * @file Which key does what right now. Views register handlers for commands of `keymap.ts` while they are on screen;
 * the user's own keys come from the settings. Keys never fire inside a text field, a dialog or a menu.
 *
 *   $effect(() => shortcuts.use({ 'labeling.next': next, 'labeling.previous': previous }, () => classKeys));
 *
 * `classKeys` are keys that come from data, such as those of classes; they yield to the commands of the table.
 */
import { z } from 'zod';
import {
  areTogether,
  chordOf,
  commandIds,
  commandOf,
  digitChordOf,
  keymap,
  type CommandId,
  type KeyContext,
} from './keymap.ts';

export type Handlers = Partial<Record<CommandId, () => void>>;
/** A key that comes from data: its chord (see `keymap.ts`), what it does in words, and the doing. */
export type LiveKey = { readonly chord: string; readonly title: string; readonly run: () => void };
/** A command that can be given now. */
export type ActiveCommand = {
  readonly id: CommandId;
  readonly title: string;
  readonly context: KeyContext;
  readonly keys: readonly string[];
  readonly run: () => void;
};
export type Conflict = { readonly chord: string; readonly commands: readonly CommandId[] };

type Layer = { readonly handlers: Handlers; readonly liveKeys: () => readonly LiveKey[] };

/** The user's own keys, as they are stored. */
const Bindings = z.partialRecord(z.enum(Object.keys(keymap) as [CommandId]), z.array(z.string()));
type Bindings = z.infer<typeof Bindings>;

/** Most chords one command can have. */
export const chordsMax = 4;

export class Shortcuts {
  #layers = $state.raw<readonly Layer[]>([]);
  /** The same, not as state: while an effect is undone, state reads as it was before the effects of that moment. */
  #inForce: readonly Layer[] = [];
  #bindings = $state.raw<Bindings>({});
  #store: (bindings: Bindings) => void = () => {};

  /** Commands that can be given now: what the palette and the overlay show. The newest handler wins. */
  readonly active: readonly ActiveCommand[] = $derived.by(() => {
    const found = new Map<CommandId, ActiveCommand>();
    for (const { handlers } of this.#layers) {
      for (const id of commandIds) {
        const run = handlers[id];
        const { title, context } = commandOf(id);
        if (run) found.set(id, { id, title, context, keys: this.keysOf(id), run });
      }
    }
    return commandIds.flatMap((id) => found.get(id) ?? []);
  });

  /** Keys that come from data, those of the newest view first. */
  readonly liveKeys: readonly LiveKey[] = $derived(
    this.#layers.toReversed().flatMap(({ liveKeys }) => liveKeys()),
  );

  /** Chords that more than one command wants at the same time. */
  readonly conflicts: readonly Conflict[] = $derived(conflictsOf((id) => this.keysOf(id)));

  /** Puts handlers in force until the returned function is called: made for `$effect`. */
  use(handlers: Handlers, liveKeys: () => readonly LiveKey[] = () => []): () => void {
    const layer = { handlers, liveKeys };
    this.#setLayers([...this.#inForce, layer]);
    return () => this.#setLayers(this.#inForce.filter((each) => each !== layer));
  }

  #setLayers(layers: readonly Layer[]): void {
    this.#inForce = layers;
    this.#layers = layers;
  }

  keysOf(id: CommandId): readonly string[] {
    return this.#bindings[id] ?? commandOf(id).keys;
  }

  isOwn(id: CommandId): boolean {
    return this.#bindings[id] !== undefined;
  }

  /** Other commands that would answer to `chord` beside `id`. */
  rivals(id: CommandId, chord: string): readonly CommandId[] {
    const { context } = commandOf(id);
    return commandIds.filter(
      (other) =>
        other !== id &&
        areTogether(context, commandOf(other).context) &&
        this.keysOf(other).includes(chord),
    );
  }

  /** Gives `id` these chords, and takes them from the commands they would collide with. */
  rebind(id: CommandId, chords: readonly string[]): void {
    const next: Bindings = { ...this.#bindings, [id]: chords.slice(0, chordsMax) };
    for (const chord of chords) {
      for (const rival of this.rivals(id, chord)) {
        next[rival] = (next[rival] ?? this.keysOf(rival)).filter((each) => each !== chord);
      }
    }
    this.#set(next);
  }

  /** Back to the usual keys of one command, or of all. */
  reset(id: CommandId | null): void {
    if (id === null) return this.#set({});
    this.rebind(id, commandOf(id).keys);
    const { [id]: _gone, ...rest } = this.#bindings;
    this.#set(rest);
  }

  /** The stored keys, and where changes to them go. Stored keys that no longer fit the table are left out. */
  restore(stored: unknown, store: (bindings: Bindings) => void): void {
    this.#bindings = Bindings.safeParse(stored).data ?? {};
    this.#store = store;
  }

  #set(bindings: Bindings): void {
    this.#bindings = bindings;
    this.#store(bindings);
  }

  /** Answers a key of the whole page. */
  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || belongsElsewhere(event)) return;
    const chord = chordOf(event);
    if (chord === null) return;
    const found = this.#find(chord) ?? this.#find(digitChordOf(event) ?? '');
    if (!found) return;
    event.preventDefault();
    if (!event.repeat || found.repeats) found.run();
  }

  #find(chord: string): { run: () => void; repeats: boolean } | null {
    const command = this.active.find(({ keys }) => keys.includes(chord));
    if (command) return { run: command.run, repeats: commandOf(command.id).repeats ?? false };
    const live = this.liveKeys.find((each) => each.chord === chord);
    return live ? { run: live.run, repeats: false } : null;
  }
}

/** Chords claimed twice among commands that are in force together. */
export function conflictsOf(keysOf: (id: CommandId) => readonly string[]): Conflict[] {
  const owners = new Map<string, CommandId[]>();
  for (const id of commandIds) {
    for (const chord of keysOf(id)) owners.set(chord, [...(owners.get(chord) ?? []), id]);
  }
  return [...owners].flatMap(([chord, ids]) => {
    const commands = ids.filter((id) =>
      ids.some((o) => o !== id && areTogether(commandOf(id).context, commandOf(o).context)),
    );
    return commands.length > 0 ? [{ chord, commands }] : [];
  });
}

/** Text fields, open dialogs and menus keep their keys; a focused control keeps those that work it. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  if (document.querySelector('dialog[open], [role="menu"]')) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('textarea, select, [role="listbox"]')) return true;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (target instanceof HTMLInputElement) return !isPlain ? isTyped(target) : keptBy(target, event);
  return (
    isPlain &&
    [' ', 'Enter'].includes(event.key) &&
    target.closest('button, a, summary, [role="tab"]') !== null
  );
}

const worked = ['checkbox', 'radio', 'button', 'submit', 'reset', 'color', 'file', 'range'];
const isTyped = (input: HTMLInputElement): boolean => !worked.includes(input.type);

/** A slider keeps its arrows, a checkbox its space bar; letters and digits pass. */
function keptBy(input: HTMLInputElement, event: KeyboardEvent): boolean {
  return isTyped(input) || event.key.length > 1 || event.key === ' ';
}

export const shortcuts = new Shortcuts();
