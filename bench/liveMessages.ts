/** @file What live.ts and its server say to one another. */
import { z } from 'zod';

export const Asked = z.object({ epochs: z.int(), isWatched: z.boolean() });
export type Asked = z.infer<typeof Asked>;

export const Said = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.string() }),
  /** The first steps are there. */
  z.object({ kind: z.literal('begun') }),
  z.object({
    kind: z.literal('trained'),
    status: z.string(),
    /** Milliseconds since 1970 at which each step was over, and its number. */
    steps: z.array(z.tuple([z.number(), z.number()])).readonly(),
    stepsPerSecond: z.number(),
    lateMs: z.object({ p99: z.number(), max: z.number() }),
  }),
]);
export type Said = z.infer<typeof Said>;
export type Trained = Extract<Said, { kind: 'trained' }>;
