import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  filter,
  firstValueFrom,
  type Observable,
  type Subscription,
  shareReplay,
  skipWhile,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assignFiles } from '../../../src/agent/daemon/assign-files.ts';
import {
  type ConfigFile,
  type Listing,
  watchConfigs,
} from '../../../src/agent/daemon/config-folder.ts';

let dir: string;
let listings$: Observable<Listing>;
let watching: Subscription;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-configs-'));
  listings$ = watchConfigs(dir, { settleMs: 5, pollMs: 50 }).pipe(shareReplay(1));
  watching = listings$.subscribe();
});
afterEach(async () => {
  watching.unsubscribe();
  await rm(dir, { recursive: true, force: true });
});

const write = (file: string, name: string, rest = 'env: { id: KHop-v0 }') =>
  writeFile(join(dir, file), `name: ${name}\n${rest}\ntrain: { totalSteps: 10 }\n`);

/** The files, once there are those. */
async function files(...names: string[]): Promise<ConfigFile[]> {
  const found = await firstValueFrom(
    listings$.pipe(
      filter((listing) => 'files' in listing),
      filter(({ files }) => `${files.map(({ file }) => file)}` === `${names}`),
    ),
  );
  return found.files;
}

describe('a folder of configs', () => {
  it('tells of each, and of nothing else', async () => {
    await write('notes.txt', 'x');
    await write('.hidden.yaml', 'x');
    await write('b.yml', 'b');
    await write('a.yaml', 'a');
    const [a, b] = await files('a.yaml', 'b.yml');
    expect(a).toMatchObject({ config: { name: 'a' } });
    expect(b).toMatchObject({ config: { name: 'b' } });
  });

  it('tells what is wrong with one, until it is mended, and reads no other again', async () => {
    await write('a.yaml', 'a');
    await write('b.yaml', 'b', 'env: { idd: KHop-v0 }');
    const [a, b] = await files('a.yaml', 'b.yaml');
    expect(b).toMatchObject({ problem: expect.stringContaining('env.idd: unknown key') });
    await write('b.yaml', 'b');
    const mended = await firstValueFrom(
      listings$.pipe(
        skipWhile((listing) => !('files' in listing) || 'problem' in listing.files[1]),
      ),
    );
    expect((mended as { files: ConfigFile[] }).files[0]).toBe(a);
  });

  it('tells that it is gone, and of its files once it is back', async () => {
    await write('a.yaml', 'a');
    await files('a.yaml');
    await rename(dir, `${dir}.away`);
    const gone = await firstValueFrom(listings$.pipe(filter((listing) => 'problem' in listing)));
    expect(gone.problem).toMatch(/ENOENT/);
    await rename(`${dir}.away`, dir);
    await files('a.yaml');
  });
});

describe('the configs of a folder', () => {
  const good = (file: string, name: string) => ({ file, config: { name } }) as ConfigFile;
  const bad = (file: string) => ({ file, problem: 'bad' });

  it('are each of the run that they name', () => {
    const { runs, invalid } = assignFiles([good('x.yaml', 'a'), bad('y.yaml')], new Map());
    expect([...runs]).toEqual([['a', good('x.yaml', 'a')]]);
    expect(invalid).toEqual([bad('y.yaml')]);
  });

  it('are of the run that came from them, though they are bad now', () => {
    const { runs, invalid } = assignFiles([bad('x.yaml')], new Map([['a', 'x.yaml']]));
    expect([...runs]).toEqual([['a', bad('x.yaml')]]);
    expect(invalid).toEqual([]);
  });

  it.each([
    ['x.yaml', 'y.yaml'],
    ['y.yaml', 'x.yaml'],
  ])('of one name are the run’s that came first, here from %s', (first, second) => {
    const files = [good('x.yaml', 'a'), good('y.yaml', 'a')];
    const { runs, invalid } = assignFiles(files, new Map([['a', first]]));
    expect(runs.get('a')?.file).toBe(first);
    expect(invalid).toMatchObject([{ file: second, problem: expect.stringContaining(first) }]);
  });
});
