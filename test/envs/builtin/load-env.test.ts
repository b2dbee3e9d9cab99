import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EnvOptionsError, loadEnvFactory } from '../../../src/envs/index.ts';

const loader = new URL('../../../src/envs/builtin/load-env.ts', import.meta.url).href;
let dir: string;

const files: Record<string, string> = {
  'env.js': 'export default (options) => ({ name: "js", options });',
  'env.mjs': 'export default (options) => ({ name: "mjs", options });',
  'env.ts':
    'enum Name { ts = "ts" }\nexport default (options: unknown) => ({ name: Name.ts, options });',
  'named.js': 'export const makeEnv = () => 1; export const size = 2;',
  'empty.js': '',
  'options.js': `
    import { z } from ${JSON.stringify(createRequire(import.meta.url).resolve('zod'))};
    export const options = z.strictObject({ length: z.int().min(2).default(4) });
    export default (options) => options;`,
  'constant.js': 'export const options = { length: 3 };\nexport default (options) => options;',
  'object.js': 'export default { reset() {} };',
  'class.js': 'export default class MyEnv {}',
  'syntax.mjs': 'export default () => {\n  const a = ;\n};',
  'throws.mjs': 'throw new Error("no such device");',
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'load-env-'));
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
});

afterAll(() => rmSync(dir, { recursive: true }));

describe('loadEnvFactory', () => {
  it.each(['env.js', 'env.mjs', 'env.ts'])('loads the factory of %s', async (name) => {
    const factory = await loadEnvFactory(`./${name}`, dir);
    expect(factory({ n: 1 })).toEqual({ name: name.split('.')[1], options: { n: 1 } });
  });

  it('takes absolute paths and file URLs', async () => {
    const path = join(dir, 'env.js');
    const factory = await loadEnvFactory(path, '/');
    expect(await loadEnvFactory(pathToFileURL(path).href, '/')).toBe(factory);
  });

  it.each([
    ['nowhere.ts', 'environment module nowhere.ts: no file DIR/nowhere.ts'],
    ['named.js', 'DIR/named.js has no default export, only makeEnv, size: write `export default'],
    ['empty.js', 'DIR/empty.js has no default export, only nothing'],
    ['object.js', 'DIR/object.js: expected its default export to be a function, got an object'],
    ['class.js', 'DIR/class.js: expected its default export to be a function, got a class'],
    ['syntax.mjs', 'environment module DIR/syntax.mjs cannot be loaded: '],
    ['throws.mjs', 'DIR/throws.mjs cannot be loaded: no such device (DIR/throws.mjs:1:7)'],
    ['env', 'environment module env: no file DIR/env; did you mean DIR/env.ts?'],
    ['.', 'environment module .: expected a file, found a directory'],
  ])('says what is wrong with %s', async (name, message) => {
    await expect(loadEnvFactory(name, dir)).rejects.toThrow(message.replaceAll('DIR', dir));
  });

  it('has options checked by the schema that a module exports as options', async () => {
    const factory = await loadEnvFactory('options.js', dir);
    expect(factory({ length: 3 })).toEqual({ length: 3 });
    expect(factory()).toEqual({ length: 4 });
    expect(() => factory({ lenght: 3 })).toThrow(
      new EnvOptionsError(
        'options.js: options.lenght: unknown option; did you mean "length"? options.js takes length',
      ),
    );
    expect(() => factory({ length: 'x' })).toThrow(
      'options.js: options.length: expected an integer ≥ 2, got "x"',
    );
    expect((await loadEnvFactory('constant.js', dir))({ lenght: 3 })).toEqual({ lenght: 3 });
  });

  it('loads what lies at a path that has the signs of a URL', () => {
    const odd = join(dir, 'a#b%20c');
    mkdirSync(odd);
    writeFileSync(join(odd, 'help.ts'), 'export const size: number = 3;');
    const env = "import { size } from './help.ts';\nexport default () => ({ size });";
    writeFileSync(join(odd, 'env.ts'), env);
    writeFileSync(
      join(dir, 'odd.mjs'),
      `import { loadEnvFactory } from '${loader}';
       const at = ${JSON.stringify(odd)};
       const both = [await loadEnvFactory('./env.ts', at), await loadEnvFactory(at + '/env.ts', '/')];
       console.log(JSON.stringify(both.map((factory) => factory())));`,
    );
    const program = ['--import', import.meta.resolve('tsx'), join(dir, 'odd.mjs')];
    const printed = execFileSync(process.execPath, program, { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual([{ size: 3 }, { size: 3 }]);
  });

  it('says that TypeScript is not understood at a path with a question mark, where JavaScript is', async () => {
    const odd = join(dir, 'a?b');
    mkdirSync(odd);
    for (const name of ['env.ts', 'env.mjs']) writeFileSync(join(odd, name), files[name]);
    await expect(loadEnvFactory('./env.ts', odd)).rejects.toThrow(
      /a\?b\/env\.ts: expected no "\?" in the path of a TypeScript module: rename the folder/,
    );
  });

  // In a process of its own, since the test runner has an import of its own.
  it('gives TypeScript in a CommonJS package the classes of its packages that are loaded', () => {
    const project = join(dir, 'project');
    const dependency = join(project, 'node_modules', 'dependency');
    mkdirSync(dependency, { recursive: true });
    writeFileSync(join(project, 'package.json'), '{ "type": "commonjs" }');
    writeFileSync(
      join(dependency, 'package.json'),
      '{ "type": "module", "exports": "./index.js" }',
    );
    writeFileSync(join(dependency, 'index.js'), 'export class Shared {}');
    writeFileSync(join(project, 'help.ts'), 'export const size: number = 3;');
    writeFileSync(
      join(project, 'env.ts'),
      `import { Shared } from 'dependency';
       import { size } from './help';
       export default () => ({ shared: new Shared(), size });`,
    );
    writeFileSync(join(project, 'syntax.ts'), 'export default () => {\n  const a = ;\n};');
    writeFileSync(
      join(project, 'main.mjs'),
      `import { Shared } from 'dependency';
       import { loadEnvFactory } from '${loader}';
       const { shared, size } = (await loadEnvFactory('env.ts', import.meta.dirname))();
       const reason = await loadEnvFactory('syntax.ts', import.meta.dirname).catch(String);
       const plain = await loadEnvFactory('../syntax.mjs', import.meta.dirname).catch(String);
       console.log(JSON.stringify({ same: shared instanceof Shared, size, reason, plain }));`,
    );
    const printed = execFileSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), join(project, 'main.mjs')],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(printed)).toEqual({
      same: true,
      size: 3,
      reason: expect.stringMatching(/syntax\.ts cannot be loaded: .*syntax\.ts:2:12[^(]*$/s),
      plain: expect.stringMatching(
        /syntax\.mjs cannot be loaded: Unexpected token ';' \(.*syntax\.mjs:2\)$/,
      ),
    });
  });
});
