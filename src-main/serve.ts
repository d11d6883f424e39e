/** @file The browser host from its start to Ctrl-C. */
import type { App } from '../src-core/app.ts';
import { pageFolder } from './builtPage.ts';
import { reportDefect } from './nodeHost.ts';
import { startServer } from './server.ts';

/**
 * Serves until the process is told to stop.
 *
 * @param port 0: any that is free.
 * @param onReady told the address with its token.
 * @throws InklingError `port-taken`
 */
export async function serve(
  app: App,
  port: number,
  onReady: (url: string) => void,
): Promise<string> {
  const { platform } = process;
  const server = await startServer({ app, pageFolder, port, platform, reportDefect });
  onReady(server.url);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return server.url;
}
