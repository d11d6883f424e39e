/** @file HTML and SVG as text in which nothing but what is written here is markup. */

declare const safe: unique symbol;
/** Text that is markup already. */
export type Markup = { readonly [safe]: true; readonly text: string };

/** A template whose values are text, unless they are markup themselves; lists are joined. */
export function html(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | Markup | readonly Markup[])[]
): Markup {
  const text = strings.reduce((before, string, i) => before + written(values[i - 1]!) + string);
  return markup(text);
}

function written(value: string | number | Markup | readonly Markup[]): string {
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return 'text' in value ? value.text : value.map(({ text }) => text).join('\n');
}

/** For what is known to be markup: a style, JSON without `<`. */
export function markup(text: string): Markup {
  // The brand's one maker.
  return { text } as Markup;
}

/** Text in an element or in a quoted attribute; control characters, which no HTML may hold, become a sign. */
function escaped(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\ufffd')
  );
}
