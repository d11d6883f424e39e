/** @file The menu, by each platform's conventions. Its items are Electron's own roles: keys and words come with them. */
import type { MenuItem } from './electronTypes.ts';

export function desktopMenu(platform: NodeJS.Platform): MenuItem[] {
  const isMac = platform === 'darwin';
  return [
    ...(isMac ? [{ role: 'appMenu' }] : []),
    { label: isMac ? 'File' : '&File', submenu: [{ role: isMac ? 'close' : 'quit' }] },
    // Undo and redo belong to the page: in a text field it hands them to the field.
    {
      label: isMac ? 'Edit' : '&Edit',
      submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
    },
    {
      label: isMac ? 'View' : '&View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
  ];
}
