/**
 * @file JSON as the store writes it: NaN and the infinities, which plain JSON turns into null, survive as
 * `{"$number": "NaN"}`.
 */

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, held: unknown) =>
    typeof held === 'number' && !Number.isFinite(held) ? { $number: String(held) } : held,
  );
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_key, held: unknown) =>
    typeof held === 'object' && held !== null && '$number' in held ? Number(held.$number) : held,
  );
}
