/** @file The command line: `inkling VERB …`. Exit 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C. */
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Node keeps what it compiled in the system's temporary folder, which halves the time to start, the trainer's too.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
enableCompileCache();

const { main } = await import('./commandLine.ts');
process.exitCode = await main(process.argv.slice(2));
