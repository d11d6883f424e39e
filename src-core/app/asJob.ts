/** @file Work that a caller waits for and everyone sees: a job for its progress and for canceling, an answer for who asked. */
import { failure } from '../errors.ts';
import type { JobCall, JobRequest, Jobs } from './jobs.ts';

/**
 * Runs `work` as a job, which goes away when it is over: its outcome is the caller's.
 *
 * @throws InklingError `canceled`, and whatever the work throws
 */
export async function asJob<T>(
  jobs: Jobs,
  about: Pick<JobRequest, 'kind' | 'title'>,
  work: (call: JobCall) => Promise<T>,
): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
  const id = jobs.start({
    ...about,
    async work(call) {
      try {
        outcome = { value: await work(call) };
      } catch (error) {
        outcome = { error };
        throw error;
      }
      return {};
    },
  });
  const { state } = await jobs.ended(id);
  jobs.dismiss(id);
  return result(state.kind === 'canceled' ? { error: failure('canceled', undefined) } : outcome);
}

function result<T>(outcome: { readonly value: T } | { readonly error: unknown } | null): T {
  if (outcome === null) throw new Error('a job ended without an outcome');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
