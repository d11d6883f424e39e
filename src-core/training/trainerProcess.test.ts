import { expect, it } from 'vitest';
import { failure } from '../errors.ts';
import { failedEnd, unexpectedEnd } from './trainerProcess.ts';

it.each([
  [null, 'SIGKILL', '', 'interrupted', 'trainer-crashed', /SIGKILL, which systems send/],
  [null, 'SIGTERM', '', 'interrupted', 'trainer-crashed', /SIGTERM/],
  [null, 'SIGSEGV', '', 'failed', 'trainer-crashed', /SIGSEGV/],
  [1, null, 'at x\nTypeError: no\nNode', 'failed', 'trainer-crashed', /exit code 1; TypeError: no/],
  [null, null, 'spawn EAGAIN error', 'failed', 'trainer-crashed', /unknown; spawn EAGAIN/],
  [null, 'SIGABRT', 'JavaScript heap out of memory', 'failed', 'trainer-out-of-memory', /SIGABRT/],
  [134, null, 'std::bad_alloc', 'failed', 'trainer-out-of-memory', /exit code 134/],
])(
  'a process that ends with code %s, signal %s and "%s" is %s',
  (code, signal, errorOutput, status, error, message) => {
    const end = unexpectedEnd({ code, signal, errorOutput });
    expect(end.state.status).toBe(status);
    expect(end.error).toMatchObject({ code: error, message: expect.stringMatching(message) });
  },
);

it('a failure of the catalogue stays what it is, and a defect is told as one', () => {
  const known = failure('disk-full', { folder: '/data' });
  expect(failedEnd(known).error).toMatchObject({ code: 'disk-full', message: known.message });
  expect(failedEnd(new TypeError('x is undefined')).error).toMatchObject({
    code: 'trainer-failed',
    message: expect.stringContaining('x is undefined'),
  });
});
