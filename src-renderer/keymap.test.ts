/** @file The table of commands, and how pressed keys become chords. */
import { expect, test } from 'vitest';
import { capsOf, chordOf, commandIds, commandOf, digitChordOf } from './keymap.ts';
import { chordsMax, conflictsOf } from './shortcuts.svelte.ts';

const pressed = (key: string, held: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  // Only what a chord is made of.
  ({
    key,
    code: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...held,
  }) as KeyboardEvent;

test('no two commands that are in force together have the same key', () => {
  expect(conflictsOf((id) => commandOf(id).keys)).toEqual([]);
});

test.each(commandIds)('%s has keys as they are written, and no more than can be kept', (id) => {
  const { keys } = commandOf(id);
  expect(keys.length).toBeLessThanOrEqual(chordsMax);
  for (const chord of keys) expect(chord).toMatch(/^(Mod\+)?(Alt\+)?(Shift\+)?[^A-Z\s]+$/);
});

test.each<[string, KeyboardEvent, string | null]>([
  ['a letter', pressed('a'), 'a'],
  ['a letter while Caps Lock is on', pressed('A'), 'a'],
  ['a letter with Shift', pressed('Z', { shiftKey: true, ctrlKey: true }), 'Mod+Shift+z'],
  ['a sign that needs Shift', pressed('?', { shiftKey: true }), '?'],
  ['a digit', pressed('7'), '7'],
  ['the space bar', pressed(' '), 'space'],
  ['an arrow with Alt', pressed('ArrowLeft', { altKey: true }), 'Alt+arrowleft'],
  ['a modifier alone', pressed('Shift', { shiftKey: true }), null],
  ['an accent that waits for its letter', pressed('Dead'), null],
])('%s', (_what, event, chord) => {
  expect(chordOf(event)).toBe(chord);
});

test('on a keyboard whose digits need Shift, the key of a digit still means it', () => {
  expect(chordOf(pressed('è', { code: 'Digit7' }))).toBe('è');
  expect(digitChordOf(pressed('è', { code: 'Digit7' }))).toBe('7');
  expect(digitChordOf(pressed('&', { code: 'Digit7', shiftKey: true }))).toBeNull();
  expect(digitChordOf(pressed('a', { code: 'KeyA' }))).toBeNull();
});

test.each<[string, boolean, readonly string[]]>([
  ['Mod+Shift+z', false, ['Ctrl', 'Shift', 'Z']],
  ['Mod+Shift+z', true, ['⌘', '⇧', 'Z']],
  ['space', false, ['Space']],
  ['Mod++', false, ['Ctrl', '+']],
  ['?', false, ['?']],
])('%s is shown as key caps (Mac: %s)', (chord, mac, caps) => {
  expect(capsOf(chord, mac)).toEqual(caps);
});
