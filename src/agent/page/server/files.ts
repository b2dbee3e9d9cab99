import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '../../../envs/net/index.ts';
import { ownFile } from '../../../kernels/index.ts';

/**
 * The page's own files, each at a path of its own; a request reaches no other file. They are open, since a browser requests
 * them without a token, and they contain nothing of a run.
 */
export function filePages(): Page[] {
  const app = fileURLToPath(ownFile('../app/', import.meta.url));
  const uplot = dirname(fileURLToPath(import.meta.resolve('uplot')));
  const build = fileURLToPath(ownFile('../app/build/', import.meta.url));
  const named = (dir: string, ending: string) =>
    readdirSync(dir).filter((name) => name.endsWith(ending));
  return [
    filePage('/', join(app, 'index.html')),
    filePage('/uplot.css', join(uplot, 'uPlot.min.css')),
    ...named(app, '.css').map((name) => filePage(`/${name}`, join(app, name))),
    ...named(build, '.js').map((name) =>
      // The app's own uplot.ts only has types.
      filePage(
        `/app/${name}`,
        join(...(name === 'uplot.js' ? [uplot, 'uPlot.esm.js'] : [build, name])),
      ),
    ),
  ];
}

function filePage(path: string, file: string): Page {
  const type = TYPES[file.slice(file.lastIndexOf('.'))];
  const headers = {
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
  };
  return { path, open: true, body: async () => ({ type, data: await readFile(file), headers }) };
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Allows scripts, styles and connections of this server alone, and no frame around the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
