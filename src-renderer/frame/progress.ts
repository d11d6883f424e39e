/** @file How fast a job goes and how long it will take, from its count and its start. */
import type { Job } from '../../src-core/contract.ts';
import { countText, durationText } from '../ui/format.ts';

/** Before this much time a rate says nothing. */
const rateFirstMs = 500;

export type Pace = { readonly perSecond: number | null; readonly secondsLeft: number | null };

export function paceOf(job: Pick<Job, 'done' | 'total' | 'startedAt'>, now: number): Pace {
  const elapsedMs = now - job.startedAt;
  if (elapsedMs < rateFirstMs || job.done === 0) return { perSecond: null, secondsLeft: null };
  const perSecond = (job.done * 1000) / elapsedMs;
  const left = job.total === null ? null : Math.max(0, job.total - job.done) / perSecond;
  return { perSecond, secondsLeft: left };
}

/** `41 200 / 60 000 · 8 900/s · 2 s left` */
export function progressText(job: Pick<Job, 'done' | 'total' | 'startedAt'>, now: number): string {
  const { perSecond, secondsLeft } = paceOf(job, now);
  const count = countText(job.done) + (job.total === null ? '' : ` / ${countText(job.total)}`);
  const rate = perSecond === null ? [] : [`${rateText(perSecond)}/s`];
  const isLeft = secondsLeft !== null && secondsLeft > 0;
  return [count, ...rate, ...(isLeft ? [`${durationText(secondsLeft)} left`] : [])].join(' · ');
}

/** Two figures are as exact as a rate is. */
const rateText = (perSecond: number): string =>
  perSecond < 10 ? perSecond.toFixed(1) : countText(Number(perSecond.toPrecision(2)));
