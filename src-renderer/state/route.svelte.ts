/** @file Which view is shown: the address's hash, so that Back, Forward and reload work. */

export type Route =
  | { readonly kind: 'datasets' }
  | { readonly kind: 'dataset'; readonly dataset: number }
  | { readonly kind: 'labeling'; readonly dataset: number }
  /** `dataset` null: not chosen yet. */
  | { readonly kind: 'train'; readonly dataset: number | null }
  | { readonly kind: 'runs' }
  | { readonly kind: 'run'; readonly run: string }
  /** Looking into the network of a run. */
  | { readonly kind: 'inspect'; readonly run: string }
  | { readonly kind: 'network'; readonly run: string }
  | { readonly kind: 'export'; readonly run: string }
  /** `dataset`: what drawings are added to; null: not chosen. */
  | { readonly kind: 'try'; readonly dataset: number | null }
  | { readonly kind: 'comparison'; readonly runs: readonly string[] }
  | { readonly kind: 'settings' };

export const links = {
  datasets: '#/datasets',
  settings: '#/settings',
  dataset: (id: number): string => `#/datasets/${id}`,
  labeling: (id: number): string => `#/datasets/${id}/label`,
  train: '#/train',
  trainOn: (dataset: number): string => `#/train/${dataset}`,
  runs: '#/runs',
  run: (run: string): string => `#/runs/${run}`,
  inspect: (run: string): string => `#/runs/${run}/inspect`,
  network: (run: string): string => `#/runs/${run}/network`,
  exportRun: (run: string): string => `#/runs/${run}/export`,
  try: '#/try',
  draw: (dataset: number): string => `#/try/${dataset}`,
  comparison: (runs: readonly string[]): string => `#/compare/${runs.join(',')}`,
} as const;

/** An unknown address leads to the datasets. */
export function parseRoute(hash: string): Route {
  if (hash === links.settings) return { kind: 'settings' };
  if (hash === links.runs) return { kind: 'runs' };
  const [isTry, drawn] = /^#\/try(?:\/([1-9]\d{0,14}))?$/.exec(hash) ?? [];
  if (isTry !== undefined)
    return { kind: 'try', dataset: drawn === undefined ? null : Number(drawn) };
  const [, run, page] = /^#\/runs\/(r[1-9]\d{0,14})(?:\/(\w+))?$/.exec(hash) ?? [];
  if (run !== undefined) {
    if (page === 'inspect' || page === 'network' || page === 'export') return { kind: page, run };
    return { kind: 'run', run };
  }
  const [, runs] = /^#\/compare\/(r[1-9]\d{0,14}(?:,r[1-9]\d{0,14})*)$/.exec(hash) ?? [];
  if (runs !== undefined) return { kind: 'comparison', runs: [...new Set(runs.split(','))] };
  const [isTrain, dataset] = /^#\/train(?:\/([1-9]\d{0,14}))?$/.exec(hash) ?? [];
  if (isTrain !== undefined)
    return { kind: 'train', dataset: dataset === undefined ? null : Number(dataset) };
  const [, id, label] = /^#\/datasets\/([1-9]\d{0,14})(\/label)?$/.exec(hash) ?? [];
  if (id === undefined) return { kind: 'datasets' };
  return { kind: label ? 'labeling' : 'dataset', dataset: Number(id) };
}

class CurrentRoute {
  current: Route = $state.raw(parseRoute(globalThis.location?.hash ?? ''));

  constructor() {
    globalThis.window?.addEventListener('hashchange', () => {
      this.current = parseRoute(location.hash);
    });
  }
}

export const route = new CurrentRoute();

export function go(hash: string): void {
  location.hash = hash;
}
