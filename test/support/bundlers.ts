import * as esbuild from 'esbuild';
import * as vite from 'vite';

/** How a page's program is made of a module, by bundler: each gives the text of one script. */
export const bundlers: Record<string, (entry: string) => Promise<string>> = {
  async esbuild(entry) {
    const { outputFiles } = await esbuild.build({
      ...{ entryPoints: [entry], bundle: true, platform: 'browser', format: 'esm', minify: true },
      ...{ write: false, logLevel: 'silent' },
    });
    return outputFiles[0].text;
  },
  async vite(entry) {
    const built = await vite.build({
      ...{ configFile: false, logLevel: 'silent' },
      build: { write: false, rolldownOptions: { input: entry } },
    });
    const [{ output }] = [built].flat() as { output: { code: string }[] }[];
    return output[0].code;
  },
};
