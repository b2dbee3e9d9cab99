import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { RunError } from '../common/errors.ts';
import { assignFiles } from './assign-files.ts';
import { watchConfigs } from './config-folder.ts';
import { ManagedRun } from './managed-run.ts';
import { readRegistry } from './run-registry.ts';
import { invalidView, type RunView, viewOf } from './run-status.ts';

/** The runs of a folder, read from its files: for folders whose daemon does not run. */
export async function listRuns(dir: string): Promise<RunView[]> {
  const { entries } = await readRegistry(join(dir, 'registry.jsonl'));
  const listing = await firstValueFrom(watchConfigs(dir, { settleMs: 0 }));
  if ('problem' in listing) throw new RunError(`${dir}: ${listing.problem}`);
  const known = new Map([...entries.values()].map(({ run, file }) => [run, file]));
  const { runs: files, invalid } = assignFiles(listing.files, known);
  const runs = [...entries.values()].map((entry) => new ManagedRun(dir, entry));
  for (const [name, { file }] of files) {
    if (entries.has(name)) continue;
    // A daemon would queue these.
    const time = new Date().toISOString();
    runs.push(new ManagedRun(dir, { time, run: name, state: 'queued', file }));
  }
  await Promise.all(runs.map((run) => run.configure(files.get(run.name))));
  const views = await Promise.all(runs.map(viewOf));
  return [...views, ...invalid.map(({ file, problem }) => invalidView(file, problem))];
}
