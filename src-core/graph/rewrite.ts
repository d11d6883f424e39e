/**
 * @file Walks a graph and builds it anew, replacing values on the way. Equal values become one: what the forward
 * pass and a gradient both write down is computed once.
 */
import { labeled } from './build.ts';
import { topological, type OpValue, type Value } from './value.ts';

/** Returns what stands in for a value whose inputs are already rewritten, or null to keep it. */
export type Replace = (value: OpValue) => Value | null;

/**
 * The same roots over a rewritten graph. What `replace` returns is rewritten in turn, so a replacement may use
 * ops that are themselves replaced.
 */
export function rewrite(roots: readonly Value[], replace: Replace): Value[] {
  const done = new Map<Value, Value>();
  const known = new Map<string, Value>();
  const ids = new Map<Value, number>();
  const unique = (value: Value): Value => {
    const key = keyOf(value, (x) => ids.get(x)!);
    const twin = known.get(key);
    if (twin) return twin;
    known.set(key, value);
    ids.set(value, ids.size);
    return value;
  };
  const settle = (value: Value): Value => {
    for (const each of topological([value])) {
      if (done.has(each)) continue;
      if (each.kind !== 'op') {
        done.set(each, unique(each));
        continue;
      }
      const inputs = each.inputs.map((x) => done.get(x)!);
      const rebuilt = { ...each, inputs };
      // Of the same layer.
      const instead = labeled(each.label, () => replace(rebuilt));
      done.set(each, instead ? settle(instead) : unique(rebuilt));
    }
    return done.get(value)!;
  };
  return roots.map(settle);
}

/** Two values with the same key compute the same thing. */
function keyOf(value: Value, idOf: (x: Value) => number): string {
  switch (value.kind) {
    case 'input':
      return `input ${value.name}`;
    case 'constant':
      return `constant ${value.dtype} ${value.shape.join()} ${value.data.length > 64 ? unshared() : value.data.join()}`;
    case 'op':
      return `${value.op} ${value.inputs.map(idOf).join()} ${JSON.stringify(value.attrs)}`;
    default:
      return value satisfies never;
  }
}

/** Large constants are not compared by content. */
let serial = 0;
function unshared(): number {
  return serial++;
}
