/** @file Which key does what: handlers, keys from data, rebinding, and where keys do not fire. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commandOf } from './keymap.ts';
import { Shortcuts } from './shortcuts.svelte.ts';

/** The few parts of a page that keys look at. */
class Element {
  isContentEditable = false;
  tags: string[];
  constructor(tags: string[] = []) {
    this.tags = tags;
  }
  closest(selector: string): Element | null {
    return this.tags.some((tag) => selector.split(', ').includes(tag)) ? this : null;
  }
}
class Input extends Element {
  type: string;
  constructor(type: string) {
    super();
    this.type = type;
  }
}

let isModal = false;
beforeEach(() => {
  isModal = false;
  vi.stubGlobal('document', { querySelector: () => (isModal ? new Element() : null) });
  vi.stubGlobal('HTMLElement', Element);
  vi.stubGlobal('HTMLInputElement', Input);
});
afterEach(() => vi.unstubAllGlobals());

type Press = { key: string; code?: string; ctrlKey?: boolean; repeat?: boolean; target?: Element };

function press(shortcuts: Shortcuts, { target = new Element(), ...given }: Press): boolean {
  let isTaken = false;
  const event = {
    ...{ code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false },
    ...{ defaultPrevented: false, isComposing: false },
    ...given,
    target,
    preventDefault: () => (isTaken = true),
  };
  // Only what keys look at.
  shortcuts.handle(event as unknown as KeyboardEvent);
  return isTaken;
}

function setUp() {
  const shortcuts = new Shortcuts();
  const done: string[] = [];
  const stop = shortcuts.use(
    {
      'labeling.next': () => done.push('next'),
      'labeling.close': () => done.push('close'),
      'app.keys': () => done.push('keys'),
    },
    () => [
      { chord: '7', title: 'Label 7', run: () => done.push('seven') },
      { chord: 'f', title: 'Label fox', run: () => done.push('fox') },
    ],
  );
  return { shortcuts, done, stop };
}

test('a key gives its command while the view is there, and not afterwards', () => {
  const { shortcuts, done, stop } = setUp();
  expect(press(shortcuts, { key: 'ArrowRight' })).toBe(true);
  expect(press(shortcuts, { key: '7' })).toBe(true);
  expect(press(shortcuts, { key: 'x' })).toBe(false);
  stop();
  expect(press(shortcuts, { key: 'ArrowRight' })).toBe(false);
  expect(done).toEqual(['next', 'seven']);
});

test('a command of the table comes before a key from data', () => {
  const { shortcuts, done } = setUp();
  press(shortcuts, { key: 'f' });
  expect(done).toEqual(['next']);
});

test('a digit labels on a keyboard whose digits need Shift', () => {
  const { shortcuts, done } = setUp();
  press(shortcuts, { key: 'è', code: 'Digit7' });
  expect(done).toEqual(['seven']);
});

test('a held key moves on and on, and labels once', () => {
  const { shortcuts, done } = setUp();
  press(shortcuts, { key: 'ArrowRight', repeat: true });
  expect(press(shortcuts, { key: '7', repeat: true })).toBe(true);
  expect(done).toEqual(['next']);
});

describe('keys do not fire', () => {
  test.each<[string, Press]>([
    ['in a text field', { key: '7', target: new Input('text') }],
    ['in a search field', { key: 'ArrowRight', target: new Input('search') }],
    ['in a text area', { key: '7', target: new Element(['textarea']) }],
    ['with Ctrl in a text field', { key: 'z', ctrlKey: true, target: new Input('text') }],
    ['with an arrow on a slider', { key: 'ArrowRight', target: new Input('range') }],
  ])('%s', (_where, pressed) => {
    const { shortcuts, done } = setUp();
    expect(press(shortcuts, pressed)).toBe(false);
    expect(done).toEqual([]);
  });

  test('under an open dialog', () => {
    const { shortcuts, done } = setUp();
    isModal = true;
    expect(press(shortcuts, { key: 'ArrowRight' })).toBe(false);
    expect(done).toEqual([]);
  });
});

test('letters and digits fire while a checkbox or a button has the focus', () => {
  const { shortcuts, done } = setUp();
  press(shortcuts, { key: '7', target: new Input('checkbox') });
  press(shortcuts, { key: '7', target: new Element(['button']) });
  expect(done).toEqual(['seven', 'seven']);
});

describe('rebinding', () => {
  test('a key is taken from the command it would collide with, and stored', () => {
    const { shortcuts, done } = setUp();
    const store = vi.fn<(bindings: unknown) => void>();
    shortcuts.restore(undefined, store);
    expect(shortcuts.rivals('labeling.skip', 'f')).toEqual(['labeling.next']);
    shortcuts.rebind('labeling.skip', ['f']);
    expect(shortcuts.keysOf('labeling.next')).toEqual(['arrowright']);
    expect(shortcuts.conflicts).toEqual([]);
    expect(store).toHaveBeenLastCalledWith({
      'labeling.skip': ['f'],
      'labeling.next': ['arrowright'],
    });
    press(shortcuts, { key: 'f' });
    expect(done).toEqual(['fox']);
  });

  test('commands that are never in force together may share a key', () => {
    const { shortcuts } = setUp();
    expect(shortcuts.rivals('grid.clear', 'space')).toEqual([]);
    expect(shortcuts.rivals('app.palette', 'space')).toEqual(['labeling.skip']);
  });

  test('the usual keys come back, and take their place from others', () => {
    const { shortcuts } = setUp();
    shortcuts.rebind('labeling.skip', ['f']);
    shortcuts.reset('labeling.next');
    expect(shortcuts.keysOf('labeling.next')).toEqual(commandOf('labeling.next').keys);
    expect(shortcuts.keysOf('labeling.skip')).toEqual([]);
    shortcuts.reset(null);
    expect(shortcuts.keysOf('labeling.skip')).toEqual(['space']);
  });

  test('stored keys are read back; what does not fit the table is left out', () => {
    const shortcuts = new Shortcuts();
    shortcuts.restore({ 'labeling.skip': ['x'] }, () => {});
    expect(shortcuts.keysOf('labeling.skip')).toEqual(['x']);
    shortcuts.restore({ 'no.command': 7 }, () => {});
    expect(shortcuts.keysOf('labeling.skip')).toEqual(['space']);
  });
});

test('what a stored binding brings into conflict is named', () => {
  const shortcuts = new Shortcuts();
  shortcuts.restore({ 'labeling.skip': ['f'] }, () => {});
  expect(shortcuts.conflicts).toEqual([
    { chord: 'f', commands: ['labeling.next', 'labeling.skip'] },
  ]);
});
