import * as nodeModule from 'node:module';

const TYPESCRIPT = /\.tsx?($|\?)/;

/**
 * Loads TypeScript as ES modules, regardless of the nearest package.json: a CommonJS module would load
 * a second copy of this package, with other classes.
 */
const asEsModule = (resolved: { url: string }) =>
  TYPESCRIPT.test(resolved.url) ? { ...resolved, format: 'module' } : resolved;

/** The same for Node.js 20 and for 22 before 22.15, whose hooks run in a thread of their own. */
const HOOKS_THREAD = `
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    return ${TYPESCRIPT}.test(resolved.url) ? { ...resolved, format: 'module' } : resolved;
  }`;

type Resolve = (specifier: string, context: object) => { url: string };

let registered: Promise<void> | undefined;

/** Lets this thread import TypeScript. It does not undo that, since a module may import others later. */
export function readTypeScript(): Promise<void> {
  registered ??= register();
  return registered;
}

async function register(): Promise<void> {
  // Imported only here, since a bundle cannot contain it. Its `tsImport` would load a second copy of this package.
  const tsx = await import('tsx/esm/api');
  tsx.register();
  // The types of Node.js 20 lack this function.
  const { registerHooks } = nodeModule as {
    registerHooks?: (hooks: { resolve: (...args: [string, object, Resolve]) => object }) => void;
  };
  if (registerHooks) {
    registerHooks({ resolve: (name, context, next) => asEsModule(next(name, context)) });
  } else {
    nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOKS_THREAD)}`);
  }
}
