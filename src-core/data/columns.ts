/**
 * @file The columns of a dataset's images in memory, so that a million can be filtered, counted and sorted between
 * two frames. Built once from the store, then told of every change; the store stays the truth.
 *
 * Rows are in order of id, which is the order of adding. About 24 bytes an image.
 */
import { originCode, type ImageRow } from '../workspace/images.ts';

/** Classes are numbered as they are met: 0 is "no label". */
export class ImageColumns {
  #count = 0;
  #ids = new Int32Array(0);
  #blobs = new Int32Array(0);
  #classes = new Uint16Array(0);
  #parts = new Uint8Array(0);
  #origins = new Uint8Array(0);
  #flagged = new Uint8Array(0);
  #duplicate = new Uint8Array(0);
  /** While rows are added: milliseconds. Then: when each was labeled last, as a rank; 0 never. */
  #labeled: Float64Array = new Float64Array(0);
  #latest = 0;
  readonly #classIds: number[] = [0];
  readonly #classNumbers = new Map<number, number>([[0, 0]]);

  get count(): number {
    return this.#count;
  }

  /** Read-only for everyone else. Arrays may be longer than `count`. */
  get ids(): Int32Array {
    return this.#ids;
  }
  /** Row numbers of the pictures. */
  get blobs(): Int32Array {
    return this.#blobs;
  }
  /** As `classIds` numbers them. */
  get classes(): Uint16Array {
    return this.#classes;
  }
  /** As `partCode`. */
  get parts(): Uint8Array {
    return this.#parts;
  }
  /** As `originCode`. */
  get origins(): Uint8Array {
    return this.#origins;
  }
  get flagged(): Uint8Array {
    return this.#flagged;
  }
  /** 1: the content occurs more than once in the dataset. */
  get duplicate(): Uint8Array {
    return this.#duplicate;
  }
  /** Ranks by the time of the last change of label; 0: never had one. */
  get labeled(): Float64Array {
    return this.#labeled;
  }
  /** Class id by class number; 0 for number 0. */
  get classIds(): readonly number[] {
    return this.#classIds;
  }

  /** Adds rows from the store, in order of id; `finish` must follow the last. */
  add(rows: readonly ImageRow[]): void {
    this.#reserve(this.#count + rows.length);
    let i = this.#count;
    for (const [id, blob, classId, marks, labeledAt] of rows) {
      this.#ids[i] = id;
      this.#blobs[i] = blob;
      this.#classes[i] = this.classNumber(classId);
      this.#parts[i] = marks & 3;
      this.#origins[i] = (marks >> 2) & 3;
      this.#flagged[i] = marks >> 4;
      this.#labeled[i] = labeledAt;
      i++;
    }
    this.#count = i;
  }

  finish(): void {
    this.#latest = rankTimes(this.#labeled.subarray(0, this.#count));
    this.#markDuplicates();
  }

  /** The number of a class id, which gets one if it has none. */
  classNumber(id: number): number {
    const known = this.#classNumbers.get(id);
    if (known !== undefined) return known;
    this.#classNumbers.set(id, this.#classIds.length);
    return this.#classIds.push(id) - 1;
  }

  /** The row of an image, or −1. */
  rowOf(id: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#ids[middle]!;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Takes over labels, as one act: all of them become the ones labeled last. */
  label(
    images: readonly (readonly [id: number, classId: number | null, origin: Origin | null])[],
  ): void {
    this.#latest++;
    for (const [id, classId, origin] of images) {
      const row = this.rowOf(id);
      if (row < 0) continue;
      this.#classes[row] = this.classNumber(classId ?? 0);
      this.#origins[row] = originCode[origin ?? 'none'];
      this.#labeled[row] = this.#latest;
    }
  }

  flag(ids: readonly number[], flagged: boolean): void {
    this.#set(this.#flagged, ids, flagged ? 1 : 0);
  }

  /** @param part as `partCode`. */
  assign(ids: readonly number[], part: number): void {
    this.#set(this.#parts, ids, part);
  }

  remove(ids: readonly number[]): void {
    const gone = new Uint8Array(this.#count);
    this.#set(gone, ids, 1);
    let to = 0;
    for (let row = 0; row < this.#count; row++) {
      if (gone[row]) continue;
      for (const column of this.#columns()) column[to] = column[row]!;
      to++;
    }
    this.#count = to;
    this.#markDuplicates();
  }

  #set(column: Uint8Array, ids: readonly number[], value: number): void {
    for (const id of ids) {
      const row = this.rowOf(id);
      if (row >= 0) column[row] = value;
    }
  }

  #columns() {
    return [
      this.#ids,
      this.#blobs,
      this.#classes,
      this.#parts,
      this.#origins,
      this.#flagged,
      this.#duplicate,
      this.#labeled,
    ];
  }

  #markDuplicates(): void {
    let highest = 0;
    for (let row = 0; row < this.#count; row++) highest = Math.max(highest, this.#blobs[row]!);
    // Row numbers of blobs are dense enough for a counter each; more than one is all that matters.
    const seen = new Uint8Array(highest + 1);
    for (let row = 0; row < this.#count; row++) {
      const blob = this.#blobs[row]!;
      if (seen[blob]! < 2) seen[blob]!++;
    }
    for (let row = 0; row < this.#count; row++)
      this.#duplicate[row] = seen[this.#blobs[row]!]! > 1 ? 1 : 0;
  }

  #reserve(rows: number): void {
    if (rows <= this.#ids.length) return;
    const size = Math.max(rows, this.#ids.length * 2);
    const grown = <T extends Int32Array | Uint16Array | Uint8Array | Float64Array>(
      make: new (length: number) => T,
      from: T,
    ): T => {
      const to = new make(size);
      to.set(from);
      return to;
    };
    this.#ids = grown(Int32Array, this.#ids);
    this.#blobs = grown(Int32Array, this.#blobs);
    this.#classes = grown(Uint16Array, this.#classes);
    this.#parts = grown(Uint8Array, this.#parts);
    this.#origins = grown(Uint8Array, this.#origins);
    this.#flagged = grown(Uint8Array, this.#flagged);
    this.#duplicate = grown(Uint8Array, this.#duplicate);
    this.#labeled = grown(Float64Array, this.#labeled);
  }
}

type Origin = 'human' | 'import' | 'model';

/** Replaces times by their ranks from 1, 0 staying 0. @returns the highest rank. */
function rankTimes(times: Float64Array): number {
  // A batch has one time, so distinct times are far fewer than images.
  const distinct = [...new Set(times)].filter((time) => time > 0).sort((a, b) => a - b);
  const ranks = new Map(distinct.map((time, i) => [time, i + 1]));
  for (let i = 0; i < times.length; i++) times[i] = ranks.get(times[i]!) ?? 0;
  return distinct.length;
}
