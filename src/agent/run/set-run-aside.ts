import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run leaves in its directory, beside its config, which the next one replaces. */
const written = [
  'checkpoints',
  'metrics.jsonl',
  'events.jsonl',
  'tensorboard',
  'incidents',
  'recordings',
  'report.html',
  'trained.json',
];
const ASIDE = '.replaced-';

/**
 * Moves what a run left in `dir` aside, so that another can begin there; other files stay. Its config stays too, until it
 * is replaced: wherever this is cut short, the directory holds a run.
 *
 * @returns what deletes it
 * @throws Error where something cannot be moved; all is then as it was
 */
export async function setRunAside(dir: string): Promise<() => Promise<void>> {
  const aside = await mkdtemp(join(dir, ASIDE));
  const found = (await readdir(dir)).filter((name) => written.includes(name));
  const moved: string[] = [];
  try {
    for (const name of found) {
      await rename(join(dir, name), join(aside, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) await rename(join(aside, name), join(dir, name));
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  return async () => {
    // Those as well that were left by one that was killed here.
    const all = (await readdir(dir)).filter((name) => name.startsWith(ASIDE));
    for (const name of all) await rm(join(dir, name), { recursive: true, force: true });
  };
}
