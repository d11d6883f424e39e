/**
 * @file The child of import.ts: one import into a new workspace, as the command line does it.
 *
 * usage: importOnce.ts PATH WORKSPACE
 * Prints one JSON line: images, seconds since the process began, its peak memory in megabytes.
 */
import { readFileSync } from 'node:fs';
import { createApp } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';

const [path = '', folder = ''] = process.argv.slice(2);
const app = createApp(folder, nodePorts());
const { images } = await app.importPath(path, { dataset: 'bench' });
await app.close();
const seconds = performance.now() / 1000;
const megabytes = (peakKibibytes() * 1024) / 1e6;
console.log(JSON.stringify({ images, seconds, megabytes }));

/** On Linux `maxRSS` is no less than what the parent held when it started this process: there the system is asked. */
function peakKibibytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(peak![1]);
}
