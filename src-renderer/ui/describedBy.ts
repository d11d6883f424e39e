/** @file Which of the texts around an input describe it. */

/** @param parts  by the end of their id, whether each is there: `{ help: true }` is the element `ID-help` */
export const describedBy = (
  id: string,
  parts: Readonly<Record<string, boolean>>,
): string | undefined =>
  Object.entries(parts)
    .flatMap(([part, isThere]) => (isThere ? `${id}-${part}` : []))
    .join(' ') || undefined;
