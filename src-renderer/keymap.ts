/**
 * @file Every command that has a key: one table. Adding a command is adding an entry; the view that can do it
 * registers a handler with `shortcuts.use`, and the key, the palette, the overlay and the settings follow.
 *
 * A chord is `Mod+`, `Alt+`, `Shift+` (in this order, those that are held) and `KeyboardEvent.key` in lower case,
 * `space` for the space bar. `Mod` is Ctrl, and Cmd on a Mac. Signs such as `?` stand without their Shift.
 */

/** Where a command can be given. Commands of contexts that are in force together must differ in their chords. */
export const contexts = {
  app: { title: 'Everywhere', together: ['dataset', 'grid', 'labeling', 'train', 'runs', 'try'] },
  dataset: { title: 'Dataset', together: ['app', 'grid', 'labeling'] },
  grid: { title: 'Images', together: ['app', 'dataset'] },
  labeling: { title: 'Labeling', together: ['app', 'dataset'] },
  train: { title: 'Train', together: ['app'] },
  runs: { title: 'Runs', together: ['app'] },
  try: { title: 'Try it', together: ['app'] },
} as const satisfies Record<string, { title: string; together: readonly string[] }>;
export type KeyContext = keyof typeof contexts;

export type Command = {
  readonly context: KeyContext;
  readonly title: string;
  readonly keys: readonly string[];
  /** Goes on while the key is held. */
  readonly repeats?: true;
};

export const keymap = {
  'app.palette': { context: 'app', title: 'Command palette', keys: ['Mod+k'] },
  'app.keys': { context: 'app', title: 'Keys of this view', keys: ['?'] },
  'app.datasets': { context: 'app', title: 'Go to Datasets', keys: ['Mod+1'] },
  'app.train': { context: 'app', title: 'Go to Train', keys: ['Mod+2'] },
  'app.runs': { context: 'app', title: 'Go to Runs', keys: ['Mod+3'] },
  'app.try': { context: 'app', title: 'Go to Try it', keys: ['Mod+4'] },
  'app.settings': { context: 'app', title: 'Go to Settings', keys: ['Mod+5'] },
  'app.import': { context: 'app', title: 'Import…', keys: ['Mod+i'] },
  'app.newDataset': { context: 'app', title: 'New dataset', keys: ['Mod+Shift+d'] },
  'app.capsule': { context: 'app', title: 'Open capsule…', keys: [] },
  'app.sample': { context: 'app', title: 'Sample digits', keys: [] },
  'app.theme': { context: 'app', title: 'Switch light and dark', keys: ['Mod+Shift+l'] },

  'dataset.undo': { context: 'dataset', title: 'Undo', keys: ['Mod+z'], repeats: true },
  'dataset.redo': {
    context: 'dataset',
    title: 'Redo',
    keys: ['Mod+Shift+z', 'Mod+y'],
    repeats: true,
  },
  'dataset.export': { context: 'dataset', title: 'Export dataset…', keys: [] },
  'dataset.rename': { context: 'dataset', title: 'Rename dataset…', keys: [] },
  'dataset.remove': { context: 'dataset', title: 'Delete dataset…', keys: [] },
  'dataset.unsure': { context: 'dataset', title: 'Mark as unsure', keys: ['u'] },
  'dataset.unlabel': { context: 'dataset', title: 'Take the label away', keys: ['backspace'] },

  'grid.selectAll': { context: 'grid', title: 'Select all', keys: ['Mod+a'] },
  'grid.clear': { context: 'grid', title: 'Clear the selection', keys: ['escape'] },
  'grid.remove': { context: 'grid', title: 'Delete the selected images', keys: ['delete'] },
  'grid.label': { context: 'grid', title: 'Label one by one', keys: ['Mod+enter'] },

  'labeling.next': {
    context: 'labeling',
    title: 'Next image',
    keys: ['arrowright', 'f'],
    repeats: true,
  },
  'labeling.previous': {
    context: 'labeling',
    title: 'Previous image',
    keys: ['arrowleft', 'd'],
    repeats: true,
  },
  'labeling.skip': { context: 'labeling', title: 'Skip', keys: ['space'], repeats: true },
  'labeling.close': { context: 'labeling', title: 'Back to the images', keys: ['escape'] },

  'train.start': { context: 'train', title: 'Start', keys: ['Mod+enter'] },
  'train.more': { context: 'train', title: 'Show or hide all settings', keys: ['m'] },
  'train.reset': { context: 'train', title: 'Usual settings', keys: [] },

  'runs.search': { context: 'runs', title: 'Search runs', keys: ['/'] },
  'runs.selectAll': { context: 'runs', title: 'Select all', keys: ['Mod+a'] },
  'runs.clear': { context: 'runs', title: 'Clear the selection', keys: ['escape'] },
  'runs.compare': { context: 'runs', title: 'Compare', keys: ['c'] },
  'runs.pause': { context: 'runs', title: 'Pause or resume', keys: ['p'] },
  'runs.hide': { context: 'runs', title: 'Hide or show in the charts', keys: ['h'] },
  'runs.allOfX': { context: 'runs', title: 'Zoom out', keys: ['z'] },
  'runs.remove': { context: 'runs', title: 'Remove the selected runs…', keys: ['delete'] },

  'try.add': { context: 'try', title: 'Add to dataset', keys: ['a', 'enter'] },
  'try.clear': { context: 'try', title: 'Clear', keys: ['escape', 'delete'] },
  'try.undo': { context: 'try', title: 'Undo', keys: ['Mod+z'], repeats: true },
  'try.eraser': { context: 'try', title: 'Eraser or pen', keys: ['e'] },
  'try.picture': { context: 'try', title: 'Open picture…', keys: ['Mod+o'] },
  'try.camera': { context: 'try', title: 'Camera', keys: [] },
} as const satisfies Record<string, Command>;
export type CommandId = keyof typeof keymap;

// The table's literal keys are what types need; what reads it needs plain strings.
export const commandIds = Object.keys(keymap) as readonly CommandId[];
export const commandOf = (id: CommandId): Command => keymap[id];

export const areTogether = (a: KeyContext, b: KeyContext): boolean =>
  a === b || (contexts[a].together as readonly string[]).includes(b);

const isMac = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? '');

/** The chord of a pressed key; null for a modifier alone or a key that composes text. */
export function chordOf(event: KeyboardEvent): string | null {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase();
  if (['control', 'shift', 'alt', 'meta', 'dead', 'process', 'unidentified'].includes(key)) {
    return null;
  }
  return modifiersOf(event, key) + key;
}

/**
 * Where the digits of the upper row need Shift (French, Czech), the key alone gives another sign: this is the
 * digit that stands on it, so that `7` labels there too.
 */
export function digitChordOf(event: KeyboardEvent): string | null {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  return digit === undefined || event.shiftKey ? null : modifiersOf(event, digit) + digit;
}

function modifiersOf(event: KeyboardEvent, key: string): string {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  // On a sign, Shift is already in the sign.
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase() && !/\d/.test(key);
  const shift = event.shiftKey && !isSign;
  return `${mod ? 'Mod+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}`;
}

const names: Readonly<Record<string, string>> = {
  arrowleft: '←',
  arrowright: '→',
  arrowup: '↑',
  arrowdown: '↓',
  space: 'Space',
  escape: 'Esc',
  enter: 'Enter',
  backspace: 'Backspace',
  delete: 'Delete',
  pageup: 'Page up',
  pagedown: 'Page down',
  home: 'Home',
  end: 'End',
  tab: 'Tab',
};

/** A chord as its key caps read: `['Ctrl', 'Shift', 'Z']`. */
export function capsOf(chord: string, mac = isMac): readonly string[] {
  const key = chord.endsWith('+') ? '+' : (chord.split('+').at(-1) ?? '');
  const held = chord
    .slice(0, chord.length - key.length)
    .split('+')
    .filter(Boolean);
  const caps: Readonly<Record<string, string>> = mac
    ? { Mod: '⌘', Alt: '⌥', Shift: '⇧' }
    : { Mod: 'Ctrl', Alt: 'Alt', Shift: 'Shift' };
  return [...held.map((it) => caps[it] ?? it), names[key] ?? capital(key)];
}

export const chordText = (chord: string, mac = isMac): string =>
  capsOf(chord, mac).join(mac ? '' : '+');

const capital = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);
