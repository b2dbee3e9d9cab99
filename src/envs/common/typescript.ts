import * as nodeModule from 'node:module';

const TYPESCRIPT = /\.tsx?($|\?)/;

/**
 * TypeScript is an ES module here, whatever its package.json says: as CommonJS it would get a second
 * copy of this package, with other classes.
 */
const asEsModule = (resolved: { url: string }) =>
  TYPESCRIPT.test(resolved.url) ? { ...resolved, format: 'module' } : resolved;

/** The same for a Node.js without hooks in the thread that imports: 20, and 22 before 22.15. */
const HOOKS_THREAD = `
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context);
    return ${TYPESCRIPT}.test(resolved.url) ? { ...resolved, format: 'module' } : resolved;
  }`;

type Resolve = (specifier: string, context: object) => { url: string };

let registered: Promise<void> | undefined;

/** From now on this thread imports TypeScript, for good: a module may import others later. */
export function readTypeScript(): Promise<void> {
  registered ??= register();
  return registered;
}

async function register(): Promise<void> {
  // Late, since it cannot be in a bundle. Its tsImport would make a second copy of this package.
  const tsx = await import('tsx/esm/api');
  tsx.register();
  // The types of Node.js 20 do not have it.
  const { registerHooks } = nodeModule as {
    registerHooks?: (hooks: { resolve: (...args: [string, object, Resolve]) => object }) => void;
  };
  if (registerHooks) {
    registerHooks({ resolve: (name, context, next) => asEsModule(next(name, context)) });
  } else {
    nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOKS_THREAD)}`);
  }
}
