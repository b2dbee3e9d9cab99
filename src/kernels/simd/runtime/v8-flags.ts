import { setFlagsFromString } from 'node:v8';

/**
 * Whether it is safe to set flags of V8 here. How V8 accepts them at run time differs between versions, and a wrong guess
 * ends the process. So it is safe only in versions that the tests run on, and if flags are not frozen.
 *
 * @param tested the versions of V8 that the tests run on, such as `13.6`
 */
export function flagsMaySet(tested: readonly string[]): boolean {
  const [version] = /^\d+\.\d+(?=\.[\d.]+-node\.\d+$)/.exec(process.versions.v8) ?? [];
  return tested.includes(version ?? '') && !startedWith('freeze-flags-after-init');
}

/** Sets flags of V8 for all threads: while `work` runs, or without it until the process ends. */
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
