import { type Command, InvalidArgumentError, Option } from 'commander';

/** A parser for an integer of at least `min`. */
export function integer(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min) {
      const most = value > Number.MAX_SAFE_INTEGER ? `, at most ${Number.MAX_SAFE_INTEGER}` : '';
      throw new InvalidArgumentError(`Expected an integer ≥ ${min}${most}, got "${text}".`);
    }
    return value;
  };
}

/** A parser for an option that may be repeated. */
export const repeated = (text: string, previous: string[] = []): string[] => [...previous, text];

/** `--set path=value`, which may be given again and again. */
export function setOption(): Option {
  return new Option(
    '--set <path=value>',
    'override one field of the config; may be repeated',
  ).argParser(repeated);
}

/** `--max-steps n`, of a decision. */
export function maxStepsOption(): Option {
  return new Option(
    '--max-steps <n>',
    'most ponder steps of a decision (default: the config’s halting.maxSteps)',
  ).argParser(integer(1));
}

/** Whether actions are drawn: as the config says where neither is given. */
export function addSampleOptions(command: Command): Command {
  return command
    .option(
      '--sample',
      'draw actions from the policy (default: as evaluation.deterministic in the config)',
    )
    .option('--no-sample', 'take the most likely actions');
}

/** `--sample`, as everything but the command line has it. */
export function deterministic({ sample }: { sample?: boolean }): boolean | undefined {
  return sample === undefined ? undefined : !sample;
}

export function jsonOption(description: string): Option {
  return new Option('--json', description);
}
