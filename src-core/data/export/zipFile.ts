/**
 * @file Writes a ZIP file of any size: pictures as they are, long files deflated. Memory holds one line of the
 * directory per entry and a buffer; the time per entry does not grow with their number.
 *
 * Format: APPNOTE 6.3, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (sections in brackets). All
 * numbers are little-endian; what does not fit 32 bits stands in a ZIP64 field.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';

type Entry = {
  readonly name: Buffer;
  /** Of its local header. */
  readonly offset: number;
  readonly method: typeof stored | typeof deflated;
  crc: number;
  packedBytes: number;
  bytes: number;
};

const stored = 0;
const deflated = 8;
const max32 = 0xffff_ffff;
const max16 = 0xffff;
/** ZIP64 [4.4.3]. */
const version = 45;
/** Made on Unix, so that the file mode below counts. */
const madeBy = (3 << 8) | version;
/** Names are UTF-8 [4.4.4]. */
const flags = 0x0800;
const regularFile = 0o100644;
/** Bytes collected before they are written. */
const flushBytes = 1024 * 1024;

export class ZipFile {
  readonly #file: FileHandle;
  readonly #stamp: number;
  readonly #directory: Buffer[] = [];
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Where the next byte goes. */
  #end = 0;

  private constructor(file: FileHandle, stamp: number) {
    this.#file = file;
    this.#stamp = stamp;
  }

  /** @param at time of all entries, milliseconds since 1970. */
  static async create(path: string, at: number): Promise<ZipFile> {
    return new ZipFile(await open(path, 'wx'), dosTime(at));
  }

  async add(path: string, bytes: Uint8Array): Promise<void> {
    const sizes = { crc: crc32(bytes), packedBytes: bytes.length, bytes: bytes.length };
    const entry: Entry = { name: Buffer.from(path), offset: this.#end, method: stored, ...sizes };
    this.#push(this.#localHeader(entry));
    this.#push(bytes);
    this.#directory.push(this.#directoryLine(entry));
    if (this.#pendingBytes >= flushBytes) await this.#flush();
  }

  /** Its sizes are known only in the end, and then written where its header left room. */
  async addStream(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const sizes = { crc: 0, packedBytes: 0, bytes: 0 };
    const entry: Entry = { name: Buffer.from(path), offset: this.#end, method: deflated, ...sizes };
    this.#push(this.#localHeader(entry));
    const packer = createDeflateRaw();
    pipeline(Readable.from(counted(entry, content)), packer, () => {}); // its errors come by reading
    for await (const chunk of packer) {
      const packed: Buffer = chunk;
      entry.packedBytes += packed.length;
      this.#push(packed);
      if (this.#pendingBytes >= flushBytes) await this.#flush();
    }
    await this.#flush();
    await this.#file.write(this.#localHeader(entry), 0, undefined, entry.offset);
    this.#directory.push(this.#directoryLine(entry));
  }

  /** Writes the directory. The file is complete then. */
  async finish(): Promise<void> {
    const start = this.#end;
    for (const line of this.#directory) this.#push(line);
    this.#push(endOfDirectory(this.#directory.length, this.#end - start, start));
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
  }

  /** Lets go of the file, which is of no use then. */
  abort(): Promise<void> {
    return this.#file.close();
  }

  #push(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#end += bytes.length;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    const at = this.#end - bytes.length;
    for (let done = 0; done < bytes.length;)
      done += (await this.#file.write(bytes, done, undefined, at + done)).bytesWritten;
  }

  /** [4.3.7] A deflated entry always has the ZIP64 field, because it is written before its size is known. */
  #localHeader({ name, method, crc, packedBytes, bytes }: Entry): Buffer {
    const isLong = method === deflated;
    const extra = isLong ? zip64Field([bytes, packedBytes]) : Buffer.alloc(0);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(isLong ? version : 20, 4);
    header.writeUInt16LE(flags, 6);
    header.writeUInt16LE(method, 8);
    header.writeUInt32LE(this.#stamp, 10);
    header.writeUInt32LE(crc, 14);
    header.writeUInt32LE(isLong ? max32 : packedBytes, 18);
    header.writeUInt32LE(isLong ? max32 : bytes, 22);
    header.writeUInt16LE(name.length, 26);
    header.writeUInt16LE(extra.length, 28);
    return Buffer.concat([header, name, extra]);
  }

  /** [4.3.12] */
  #directoryLine({ name, offset, method, crc, packedBytes, bytes }: Entry): Buffer {
    const extra = zip64Field([bytes, packedBytes, offset].filter((n) => n >= max32));
    const line = Buffer.alloc(46);
    line.writeUInt32LE(0x02014b50, 0);
    line.writeUInt16LE(madeBy, 4);
    line.writeUInt16LE(extra.length > 0 ? version : 20, 6);
    line.writeUInt16LE(flags, 8);
    line.writeUInt16LE(method, 10);
    line.writeUInt32LE(this.#stamp, 12);
    line.writeUInt32LE(crc, 16);
    line.writeUInt32LE(Math.min(packedBytes, max32), 20);
    line.writeUInt32LE(Math.min(bytes, max32), 24);
    line.writeUInt16LE(name.length, 28);
    line.writeUInt16LE(extra.length, 30);
    line.writeUInt32LE(regularFile * 0x10000, 38);
    line.writeUInt32LE(Math.min(offset, max32), 42);
    return Buffer.concat([line, name, extra]);
  }
}

/** Hands bytes on, with their sum and check in `entry`. */
async function* counted(
  entry: Entry,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    entry.bytes += chunk.length;
    entry.crc = crc32(chunk, entry.crc);
    yield chunk;
  }
}

/** [4.5.3]; nothing where there is nothing to say. */
function zip64Field(values: readonly number[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, i) => field.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
  return field;
}

/** [4.3.14] – [4.3.16] */
function endOfDirectory(count: number, bytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, max16), 8);
  end.writeUInt16LE(Math.min(count, max16), 10);
  end.writeUInt32LE(Math.min(bytes, max32), 12);
  end.writeUInt32LE(Math.min(offset, max32), 16);
  if (count < max16 && offset + bytes < max32) return end;
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4); // bytes that follow in this record
  end64.writeUInt16LE(madeBy, 12);
  end64.writeUInt16LE(version, 14);
  end64.writeBigUInt64LE(BigInt(count), 24);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(bytes), 40);
  end64.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + bytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}

/** Time in the lower half, date in the upper [4.4.6]; the format begins in 1980 and is read as local time. */
function dosTime(at: number): number {
  const date = new Date(at);
  const time =
    (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const years = Math.max(0, date.getUTCFullYear() - 1980);
  const day = (years << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return day * 0x10000 + time;
}
