import { setFlagsFromString } from 'node:v8';

/**
 * Whether a flag of V8 may be set here: how V8 takes one at run time differs from version to version, and a
 * wrong guess ends the process. So only where the tests do it.
 *
 * @param tested the versions of V8 that they run on, as `13.6`
 */
export function flagsMaySet(tested: readonly string[]): boolean {
  const [version] = /^\d+\.\d+(?=\.[\d.]+-node\.\d+$)/.exec(process.versions.v8) ?? [];
  return tested.includes(version ?? '') && !startedWith('freeze-flags-after-init');
}

/** Sets flags of V8, for all threads and until the process ends, or until `work` is done. */
export function setFlags(flags: readonly string[], work?: () => void): void {
  const ours = flags.filter((flag) => !startedWith(flag));
  for (const flag of ours) setFlagsFromString(`--${flag}`);
  if (!work) return;
  try {
    work();
  } finally {
    for (const flag of ours) setFlagsFromString(`--no-${flag}`);
  }
}

function startedWith(flag: string): boolean {
  return process.execArgv.some((argument) => argument.replaceAll('_', '-') === `--${flag}`);
}
