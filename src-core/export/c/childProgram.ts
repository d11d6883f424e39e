/** @file Programs of this computer run to their end, with limits on time and on what they may write. */
import { spawn } from 'node:child_process';

export type Ended = {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
};

/** A compiler with a large header on a slow computer takes a minute; longer than this, something hangs. */
const timeLimitMs = 5 * 60_000;
/** Far more than the answers to a thousand images. */
const outputBytesMax = 64 * 1024 * 1024;

/** @returns null where there is no program of this name. */
export function runToEnd(
  program: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<Ended | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { timeout: timeLimitMs, killSignal: 'SIGKILL' });
    const collected = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        collected[name].push(chunk);
        bytes += chunk.length;
        if (bytes > outputBytesMax) child.kill('SIGKILL');
      });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(null);
      else reject(error);
    });
    child.on('close', (code) => {
      const stderr = Buffer.concat(collected.stderr).toString();
      resolve({ code, stdout: Buffer.concat(collected.stdout), stderr });
    });
    // A program that ends early does not read all of it; its exit code tells.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error);
    });
    child.stdin.end(input);
  });
}
