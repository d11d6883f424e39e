/** @file What changes together is shown together, not too often, and only as it is last. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Beat } from './beat.ts';

let beat = new Beat();
let shown: string[] = [];
const show = (what: string) => () => void shown.push(what);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16));
  beat = new Beat();
  shown = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('what comes after a rest is shown with the next frame, what follows waits for the beat', () => {
  beat.next('a', show('first'));
  vi.advanceTimersByTime(20);
  expect(shown).toEqual(['first']);
  beat.next('a', show('second'));
  vi.advanceTimersByTime(100);
  beat.next('a', show('third'));
  beat.next('b', show('other'));
  expect(shown).toEqual(['first']);
  vi.advanceTimersByTime(120);
  expect(shown).toEqual(['first', 'third', 'other']);
});

test('what is patient is shown with what comes soon after it, or alone a little later', () => {
  beat.next('line', show('line'), 40);
  vi.advanceTimersByTime(10);
  beat.next('curve', show('curve'));
  vi.advanceTimersByTime(20);
  expect(shown).toEqual(['line', 'curve']);
  vi.advanceTimersByTime(1000);
  beat.next('line', show('alone'), 40);
  vi.advanceTimersByTime(50);
  expect(shown).toHaveLength(2);
  vi.advanceTimersByTime(10);
  expect(shown).toEqual(['line', 'curve', 'alone']);
});

test('what was dropped is not shown', () => {
  beat.next('a', show('dropped'));
  beat.next('b', show('kept'));
  beat.drop('a');
  vi.advanceTimersByTime(300);
  expect(shown).toEqual(['kept']);
});

test('slow drawing makes the beat slower', () => {
  beat.next('a', show('first'));
  vi.advanceTimersByTime(20);
  beat.drawn(200);
  beat.next('a', show('second'));
  vi.advanceTimersByTime(500);
  expect(shown).toEqual(['first']);
  vi.advanceTimersByTime(120);
  expect(shown).toEqual(['first', 'second']);
});
