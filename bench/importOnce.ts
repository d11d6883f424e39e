/**
 * @file The child of import.ts: one import into a new workspace, as the command line does it.
 *
 * usage: importOnce.ts PATH WORKSPACE
 * Prints one JSON line: images, seconds since the process began, its peak memory in megabytes.
 */
import { createApp } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';

const [path = '', folder = ''] = process.argv.slice(2);
const app = createApp(folder, nodePorts());
const { images } = await app.importPath(path, { dataset: 'bench' });
await app.close();
const seconds = performance.now() / 1000;
// In KiB on every system.
const megabytes = (process.resourceUsage().maxRSS * 1024) / 1e6;
console.log(JSON.stringify({ images, seconds, megabytes }));
