/** @file Which view is shown: the address's hash, so that Back, Forward and reload work. */

export type Route =
  | { readonly kind: 'datasets' }
  | { readonly kind: 'dataset'; readonly dataset: number }
  | { readonly kind: 'labeling'; readonly dataset: number }
  | { readonly kind: 'settings' };

export const links = {
  datasets: '#/datasets',
  settings: '#/settings',
  dataset: (id: number): string => `#/datasets/${id}`,
  labeling: (id: number): string => `#/datasets/${id}/label`,
} as const;

/** An unknown address leads to the datasets. */
export function parseRoute(hash: string): Route {
  if (hash === links.settings) return { kind: 'settings' };
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
