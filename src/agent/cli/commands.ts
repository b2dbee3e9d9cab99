import type { Command } from 'commander';

type Add = (program: Command) => void;

const addControl = async () => (await import('./control.ts')).addControl;

/** What adds each command, in the order of the help. Most of them take long to load. */
const commands: Record<string, () => Promise<Add>> = {
  train: async () => (await import('./train.ts')).addTrain,
  eval: async () => (await import('./eval.ts')).addEval,
  challenge: async () => (await import('./challenge.ts')).addChallenge,
  play: async () => (await import('./play.ts')).addPlay,
  record: async () => (await import('./record.ts')).addRecord,
  generate: async () => (await import('./generate.ts')).addGenerate,
  export: async () => (await import('./export.ts')).addExport,
  study: async () => (await import('./study.ts')).addStudy,
  serve: async () => (await import('./serve.ts')).addServe,
  page: async () => (await import('./page.ts')).addPage,
  env: async () => (await import('./env.ts')).addEnv,
  'check-env': async () => (await import('./check-env.ts')).addCheckEnv,
  envs: async () => (await import('./envs.ts')).addEnvs,
  'verify-resume': async () => (await import('./verify-resume.ts')).addVerifyResume,
  daemon: async () => (await import('./daemon.ts')).addDaemon,
  submit: async () => (await import('./submit.ts')).addSubmit,
  runs: async () => (await import('./runs.ts')).addRuns,
  pause: addControl,
  resume: addControl,
  stop: addControl,
  restart: addControl,
  logs: async () => (await import('./logs.ts')).addLogs,
  compare: async () => (await import('./compare.ts')).addCompare,
  tensorflow: async () => (await import('./tensorflow.ts')).addTensorflow,
};

/** Adds the commands that these arguments need: theirs, none for the version, all for help and for what is misspelt. */
export async function addCommands(program: Command, [first]: readonly string[]): Promise<void> {
  for (const load of needed(first)) (await load())(program);
}

function needed(first: string | undefined): Iterable<() => Promise<Add>> {
  if (first === '-V' || first === '--version') return [];
  if (first !== undefined && Object.hasOwn(commands, first)) return [commands[first]];
  return new Set(Object.values(commands));
}
