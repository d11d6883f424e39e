/**
 * @file A Python of this computer as a child process that predicts, where it has the package it needs. Images go in
 * and scores come out as plain bytes, with limits on time; the process ends with the check.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** One image after another, [C, H, W] each, to scores one row after another. */
export type PythonPredictor = {
  predict(pixels: Uint8Array, count: number): Promise<Float32Array>;
  stop(): void;
};

/** Debian's packages belong to the system's own Python, which may not be the first one found. */
const commands: readonly string[] = ['python3', 'python', '/usr/bin/python3'];
/** A first import of a large package from a slow disk. */
const startMs = 120_000;
/** For one batch of images. */
const answerMs = 120_000;
const errorBytesMax = 4096;
/** Far beyond the scores of one batch. */
const answerBytesMax = 64 * 1024 * 1024;

/** `serve` defines `predict(pixels, count)`, from bytes to a list of floats; arguments are in `sys.argv`. */
export type PythonCode = { readonly imports: string; readonly serve: string };

/**
 * Starts the first Python that has the packages of `imports`, or says why none does. What goes wrong after them is
 * told by the first prediction: that is no missing package.
 *
 * @param folder  the working directory: Python looks there for modules first.
 */
export async function startPython(
  { imports, serve }: PythonCode,
  args: readonly string[],
  folder: string,
): Promise<PythonPredictor | { readonly missing: string }> {
  const reasons = new Set<string>();
  const code = [opening, imports, isReady, serve, serving].join('\n');
  for (const command of commands) {
    const child = new Conversation(command, ['-c', code, ...args], folder);
    try {
      await child.read(ready.length, startMs);
      return predictorOf(child);
    } catch (error) {
      child.stop();
      // Whatever kept it from starting: the next one may do.
      reasons.add(error instanceof Error ? error.message : String(error));
    }
  }
  return { missing: [...reasons].join('; ') };
}

const ready = 'ready';

/** What packages print must not get between the scores. */
const opening = `
import os, struct, sys
answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
`;

const isReady = `
answers.write(b"${ready}")
answers.flush()
`;

const serving = `
while len(header := sys.stdin.buffer.read(8)) == 8:
    count, size = struct.unpack("<II", header)
    scores = predict(sys.stdin.buffer.read(size), count)
    answers.write(struct.pack(f"<I{len(scores)}f", len(scores), *scores))
    answers.flush()
`;

function predictorOf(child: Conversation): PythonPredictor {
  return {
    async predict(pixels, count) {
      child.write(Uint8Array.from(Buffer.from(Uint32Array.of(count, pixels.length).buffer)));
      child.write(pixels);
      const values = (await child.read(4, answerMs)).readUInt32LE();
      const bytes = await child.read(4 * values, answerMs);
      return new Float32Array(Uint8Array.from(bytes).buffer);
    },
    stop: () => child.stop(),
  };
}

/** A child process whose output is asked for by the byte. One read at a time. */
class Conversation {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #received = Buffer.alloc(0);
  #errors = '';
  #ended: string | null = null;
  #onChange: () => void = () => {};

  constructor(command: string, args: readonly string[], folder: string) {
    this.#child = spawn(command, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      if (this.#received.length > answerBytesMax) this.stop();
      this.#onChange();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-errorBytesMax);
    });
    this.#child.on('error', (error) => this.#end(`${command} does not start (${error.message})`));
    this.#child.on('close', () => this.#end(lastLine(this.#errors)));
    // A process that has ended is told of by its end, not by what it no longer reads.
    this.#child.stdin.on('error', () => this.#onChange());
  }

  write(bytes: Uint8Array): void {
    this.#child.stdin.write(bytes);
  }

  read(bytes: number, limitMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#onChange = () => {};
        act();
      };
      const late = () => settle(() => reject(new Error(`no answer within ${limitMs / 1000} s`)));
      const timer = setTimeout(late, limitMs);
      this.#onChange = () => {
        if (this.#received.length >= bytes) {
          const taken = this.#received.subarray(0, bytes);
          this.#received = this.#received.subarray(bytes);
          settle(() => resolve(taken));
        } else if (this.#ended !== null) {
          const reason = this.#ended;
          settle(() => reject(new Error(reason)));
        }
      };
      this.#onChange();
    });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#onChange();
  }
}

/** Where Python says what went wrong. */
function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'ended without a word';
}

/** Any text as a Python literal in plain ASCII, which can be nothing but that text. */
export function pythonString(text: string): string {
  const escaped = Array.from(text, (character) => {
    if (/^[ !#-[\]-~]$/.test(character)) return character;
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

/** A name for a Python module, from a name for a file. */
export function pythonModule(name: string, ending: string): string {
  return `${/^\d/.test(name) ? '_' : ''}${name.replace(/\W/g, '_')}_${ending}`;
}
