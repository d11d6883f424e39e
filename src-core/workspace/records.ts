/**
 * @file The words every table shares: branded ids, the three parts of a split, and the one transaction
 * through which all queries write.
 */
import type Database from 'better-sqlite3';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

export type DatasetId = Branded<number, 'dataset'>;
export type ClassId = Branded<number, 'class'>;
export type ImageId = Branded<number, 'image'>;
/** `r1`, `r2`, … in order of creation, never used twice: short enough to type. */
export type RunId = Branded<string, 'run'>;
/** SHA-256 of the frozen content, 64 lowercase hexadecimal digits. */
export type SnapshotHash = Branded<string, 'snapshot'>;

/** In the order of a snapshot and of the tensor cache. */
export const parts = ['train', 'validation', 'test'] as const;
export type Part = (typeof parts)[number];

/** A part as a byte, for typed arrays: 0 none, 1 train, 2 validation, 3 test. */
export const partCode = { none: 0, train: 1, validation: 2, test: 3 } as const;

/** Half-open, in samples: `start` inclusive, `end` exclusive. */
export type Range = { readonly start: number; readonly end: number };
export type Ranges = Readonly<Record<Part, Range>>;

/** Folders in `cache/` whose name begins so hold a cache that is being built. */
export const buildingPrefix = 'building-';

/** An open database as the query files see it. */
export type Store = {
  readonly folder: string;
  readonly database: Database.Database;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /**
   * Runs `work` as one immediate transaction (a savepoint inside another): all of it or nothing.
   * @throws InklingError `workspace-in-use`, `disk-full`
   */
  readonly write: <T>(work: () => T) => T;
  /**
   * The same without waiting for the disk: a power cut may take it back as long as no `write` came after it.
   * Not inside another transaction.
   */
  readonly writeAhead: (work: () => void) => void;
};
