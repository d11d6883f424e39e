/**
 * @file Builds the desktop's main process and its trainer to out/main. Packages stay outside: they are installed
 * beside it, native ones among them.
 */
import { builtinModules } from 'node:module';
import { defineConfig } from 'vite';

const isPackage = (id: string): boolean => !/^(\.|\/|[a-z]:[\\/]|\0)/i.test(id);

export default defineConfig({
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
