/** @file The window as it was left, kept in the workspace's settings, and the locks on what its page may do. */
import { z } from 'zod';
import type { App } from '../src-core/app.ts';
import type { Bounds, BrowserWindow, Electron, WindowOptions } from './electronTypes.ts';

const settingKey = 'desktop.window';
const WindowState = z.object({
  bounds: z.object({ x: z.int(), y: z.int(), width: z.int().min(1), height: z.int().min(1) }),
  isMaximized: z.boolean(),
});

const usualSize = { width: 1280, height: 800 };
/** As much of the window as must be on some screen for it to be grasped. */
const graspPixels = 80;

export function windowOptions(
  electron: Electron,
  { workspace }: App,
  preload: string,
): WindowOptions & { bounds: Partial<Bounds>; isMaximized: boolean } {
  const kept = WindowState.safeParse(workspace.settings.get(settingKey));
  const isSeen = kept.success && isOnScreen(kept.data.bounds, electron);
  return {
    bounds: isSeen ? kept.data.bounds : usualSize,
    isMaximized: kept.success && kept.data.isMaximized,
    minWidth: 800,
    minHeight: 560,
    show: false,
    title: 'Inkling',
    // Between light and dark: less of a flash before the first paint.
    backgroundColor: '#808080',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  };
}

/** Stores place and size. A workspace that another program writes keeps that one's. */
export function rememberWindow({ workspace }: App, window: BrowserWindow): void {
  if (!workspace.writable) return;
  const state = { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() };
  workspace.settings.set(settingKey, state);
}

/** A screen may have been taken away since. */
function isOnScreen({ x, y, width, height }: Bounds, { screen }: Electron): boolean {
  return screen.getAllDisplays().some(({ workArea: area }) => {
    const across = Math.min(x + width, area.x + area.width) - Math.max(x, area.x);
    const down = Math.min(y + height, area.y + area.height) - Math.max(y, area.y);
    return across >= graspPixels && down >= graspPixels;
  });
}
