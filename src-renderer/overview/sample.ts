/** @file The built-in sample: made as a job, and opened as soon as it is there. */
import { app } from '../state/app.svelte.ts';
import { go, links, route } from '../state/route.svelte.ts';
import { api } from '../transport.ts';
import { freeName } from './names.ts';

const sampleCount = 5000;
/** The same digits for everyone. */
const sampleSeed = 1;

export async function makeSample(): Promise<void> {
  const name = freeName('Sample digits', new Set(app.datasets.map((dataset) => dataset.name)));
  const { job } = await api.datasets.sample({ name, count: sampleCount, seed: sampleSeed });
  const ended = await app.ended(job);
  if (ended?.state.kind !== 'done' || route.current.kind !== 'datasets') return;
  const made = (await api.datasets.list()).find((dataset) => dataset.name === name);
  if (made) go(links.dataset(made.id));
}
