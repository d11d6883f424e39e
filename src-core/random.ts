/**
 * @file Every random number of the program. A stream is named by a seed, a purpose and counters, for example
 * `stream(3, 'shuffle', epoch)`: position is the only state, so a resumed run needs no stored generator.
 */

export type Stream = {
  /** Uniform in 0 … 2³² − 1. */
  uint32(): number;
  /** Uniform in [0, 1), 32 bits of resolution. */
  float(): number;
  /** Uniform in 0 … n − 1, without modulo bias beyond 2⁻³²·n. */
  below(n: number): number;
  /** Standard normal (Box–Muller, one value per call). */
  normal(): number;
  /** Overwrites `bytes` with uniform bytes. */
  fill(bytes: Uint8Array): void;
};

/** A stream that depends on nothing but its arguments. Different names or counters give independent streams. */
export function stream(seed: number, name: string, ...counters: readonly number[]): Stream {
  let h = mix(0x9e3779b9, seed);
  for (let i = 0; i < name.length; i++) h = mix(h, name.charCodeAt(i));
  for (const counter of counters) h = mix(h, counter);
  return sfc32(h, mix(h, 1), mix(h, 2), mix(h, 3));
}

/** Fisher–Yates, in place. */
export function shuffle(items: Int32Array | Uint32Array, random: Stream): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  }
}

/** One round of a 32-bit avalanche (the finaliser of MurmurHash3, by Austin Appleby, public domain). */
function mix(h: number, value: number): number {
  let x = (h ^ Math.imul(value | 0, 0xcc9e2d51)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) + 0x6d2b79f5;
}

/** Chris Doty-Humphrey's sfc32 (PractRand, public domain): 128 bits of state, passes BigCrush. */
function sfc32(a: number, b: number, c: number, counter: number): Stream {
  const uint32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) uint32();
  const float = (): number => uint32() / 4294967296;
  return {
    uint32,
    float,
    below: (n) => Math.floor(float() * n),
    normal: () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float()),
    fill: (bytes) => {
      const whole = bytes.length & ~3;
      for (let i = 0; i < whole; i += 4) {
        const word = uint32();
        bytes[i] = word;
        bytes[i + 1] = word >>> 8;
        bytes[i + 2] = word >>> 16;
        bytes[i + 3] = word >>> 24;
      }
      for (let i = whole, word = uint32(); i < bytes.length; i++, word >>>= 8) bytes[i] = word;
    },
  };
}
