/** @file What a person typed as names, checked before it is sent. */

/** Why a dataset cannot have this name; null: it can. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  if (name.trim() === '') return 'Give it a name.';
  return taken.includes(name.trim()) ? 'Another dataset has this name.' : null;
}

/** `cat, dog` → two names. */
export const splitNames = (text: string): readonly string[] =>
  text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter(Boolean);

/** Why these cannot be the names of classes; null: they can. */
export function classesProblem(names: readonly string[]): string | null {
  const double = names.find((name, at) => names.indexOf(name) !== at);
  return double === undefined ? null : `There are two classes named “${double}”.`;
}

/** `Sample digits`, else `Sample digits 2`, … */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let at = 2; ; at++) if (!taken.has(`${name} ${at}`)) return `${name} ${at}`;
}
