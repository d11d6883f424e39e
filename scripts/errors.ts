/** @file `npm run docs`: writes docs/errors.md, the list of every failure a user can meet, from the catalogue. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { catalogue } from '../src-core/errors.ts';

export type ErrorText = { readonly code: string; readonly message: string; readonly hint: string };

export const errorListFile = join(import.meta.dirname, '..', 'docs', 'errors.md');

const introduction = `# Errors

Every failure the program expects has a code, a sentence that says what happened and one that says what to do.
On the command line they are printed as \`error CODE: what happened\`, with what to do on the next line. Words
in _italics_ stand for the values of the case at hand. Written by \`npm run docs\`.
`;

/** Gives a placeholder for whatever parameter an entry asks for. */
const parameters: unknown = new Proxy({}, { get: (_target, name) => placeholder(String(name)) });

if (process.argv[1] === import.meta.filename) {
  writeFileSync(errorListFile, await errorList());
}

/** The whole of docs/errors.md. */
export async function errorList(): Promise<string> {
  const sections = errorTexts().map(
    ({ code, message, hint }) => `## ${code}\n\n${markdown(message)}\n\n→ ${markdown(hint)}\n`,
  );
  return format(`${introduction}\n${sections.join('\n')}`, {
    ...(await resolveConfig(errorListFile)),
    filepath: errorListFile,
  });
}

/** Every entry of the catalogue in order of its code, with ‹name› where the value of a parameter goes. */
export function errorTexts(): ErrorText[] {
  return Object.entries(catalogue)
    .map(([code, entry]) => {
      // A placeholder stands in for a parameter of any type, which no type can say.
      const { message, hint } = (entry as (params: unknown) => Omit<ErrorText, 'code'>)(parameters);
      return { code, message: String(message), hint: String(hint) };
    })
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** Reads as ‹name› in a text, and so does whatever is called on it, for example `.toFixed(1)` or `.join()`. */
function placeholder(name: string): unknown {
  const self: unknown = new Proxy(() => undefined, {
    get: (_target, key) =>
      key === Symbol.toPrimitive || key === 'toString' ? () => `‹${name}›` : self,
    apply: () => self,
  });
  return self;
}

function markdown(text: string): string {
  return text.replace(/[\\`*_<>[\]|]/g, '\\$&').replace(/‹(\w+)›/g, '_$1_');
}
