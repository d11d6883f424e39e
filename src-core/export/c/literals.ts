/** @file Numbers and strings as C writes them. */

/** The shortest decimal that is read back as exactly this float. */
export function floatLiteral(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value > 0 ? 'INFINITY' : '-INFINITY';
  const exact = Math.fround(value);
  if (Object.is(exact, -0)) return '-0.0f';
  // Nine digits tell any two floats apart.
  for (let digits = 1; digits < 9; digits++) {
    const short = exact.toPrecision(digits);
    if (Math.fround(Number(short)) === exact) return `${withPoint(plain(short))}f`;
  }
  return `${withPoint(plain(exact.toPrecision(9)))}f`;
}

function plain(digits: string): string {
  return String(Number(digits));
}

function withPoint(digits: string): string {
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** Letters, digits and spaces as they are, every other byte by its number: no quote, trigraph or line end survives. */
export function stringLiteral(text: string): string {
  const bytes = [...new TextEncoder().encode(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9 ]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}

/** A list of numbers in braces, wrapped. */
export function braced(values: readonly string[]): string {
  const lines: string[] = [];
  let line = ' ';
  for (const value of values) {
    if (line.length + value.length + 2 > lineLengthMax) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${value},`;
  }
  return `{\n${[...lines, line].join('\n')}\n}`;
}

const lineLengthMax = 100;
