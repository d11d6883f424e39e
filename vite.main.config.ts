/**
 * @file Builds the desktop's main process and its trainer to out/main. Packages stay outside: they are installed
 * beside it, native ones among them.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { defineConfig, type Plugin } from 'vite';
import { assetNames } from './src-core/export/web/assets.ts';

const isPackage = (id: string): boolean => !/^(\.|\/|[a-z]:[\\/]|\0)/i.test(id);

/** What exported pages are made of is read as text when one is written: it goes beside the program as it is. */
const pageParts: Plugin = {
  name: 'page-parts',
  generateBundle() {
    for (const name of assetNames) {
      const source = readFileSync(`src-core/export/page/${name}`);
      this.emitFile({ type: 'asset', fileName: `page/${name}`, source });
    }
  },
};

export default defineConfig({
  plugins: [pageParts],
  build: {
    ssr: true,
    outDir: 'out/main',
    emptyOutDir: true,
    target: 'node24',
    minify: false,
    rollupOptions: {
      input: {
        electron: 'src-main/electronMain.ts',
        trainer: 'src-main/electronTrainerMain.ts',
        inspector: 'src-main/electronInspectorMain.ts',
        deviceTrial: 'src-core/engine/deviceTrial.ts',
      },
      external: (id, importer) =>
        importer !== undefined && (isPackage(id) || builtinModules.includes(id)),
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
