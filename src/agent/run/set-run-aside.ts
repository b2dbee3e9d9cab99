import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The files and folders of a run in its directory, without its config, which the next run replaces. */
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
 * Moves the files of an earlier run in `dir` into a subfolder, so that a new run can start there. Other files stay, and
 * so does the config until the new run replaces it: after an interruption the directory still holds a run.
 *
 * @returns a function that deletes the moved files
 * @throws Error where a file cannot be moved; all files are then back in their places
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
    // This includes the folders of earlier calls whose process was killed.
    const all = (await readdir(dir)).filter((name) => name.startsWith(ASIDE));
    for (const name of all) await rm(join(dir, name), { recursive: true, force: true });
  };
}
