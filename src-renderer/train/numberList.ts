/** @file A list of numbers as a person types it: `1 2 3`, `1, 2, 3`, or `1-5` for whole numbers in a row. */

export type NumberList =
  | { readonly kind: 'numbers'; readonly numbers: readonly number[] }
  | { readonly kind: 'problem'; readonly message: string };

export type ListRules = {
  /** What one of them is called: `seed`. */
  readonly one: string;
  readonly isWhole: boolean;
  readonly min: number;
  readonly max: number;
  readonly countMax: number;
};

const range = /^(\d+)[-–…](\d+)$/;

export function parseNumberList(text: string, rules: ListRules): NumberList {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  if (words.length === 0) return problem(`Enter at least one ${rules.one}.`);
  const numbers: number[] = [];
  for (const word of words) {
    const [, first, last] = (rules.isWhole && range.exec(word)) || [];
    const found =
      first === undefined ? [word === '' ? NaN : Number(word)] : span(+first, +last!, rules);
    for (const number of found) {
      const wrong = wrongOf(word, number, rules);
      if (wrong !== null) return problem(wrong);
      if (numbers.includes(number)) return problem(`The ${rules.one} ${number} is there twice.`);
      numbers.push(number);
      if (numbers.length > rules.countMax)
        return problem(`At most ${rules.countMax} ${rules.one}s can be used at once.`);
    }
  }
  return { kind: 'numbers', numbers };
}

export const numberListText = (numbers: readonly number[]): string => numbers.join(' ');

/** The first `count` of them, more being the smallest whole numbers that are not among them, from 1. */
export function resized(numbers: readonly number[], count: number): readonly number[] {
  const result = numbers.slice(0, count);
  for (let next = 1; result.length < count; next++) if (!result.includes(next)) result.push(next);
  return result;
}

const problem = (message: string): NumberList => ({ kind: 'problem', message });

/** One more than allowed is enough to see that there are too many. */
function span(first: number, last: number, { countMax }: ListRules): number[] {
  if (last < first) return [NaN];
  const count = Math.min(last - first + 1, countMax + 1);
  return Array.from({ length: count }, (_, at) => first + at);
}

function wrongOf(word: string, number: number, rules: ListRules): string | null {
  const kind = rules.isWhole ? 'whole number' : 'number';
  const isNumber = rules.isWhole ? Number.isInteger(number) : Number.isFinite(number);
  if (!isNumber) return `“${word}” is not a ${kind}.`;
  if (number < rules.min || number > rules.max)
    return `A ${rules.one} is a ${kind} from ${rules.min} to ${rules.max}, not ${word}.`;
  return null;
}
