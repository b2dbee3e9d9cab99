import { type Command, InvalidArgumentError } from 'commander';
import type { GeneratedToken } from '../agent/generate-tokens.ts';
import { UsageError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import { integer, jsonOption, repeated, setOption } from './command-options.ts';
import { addExitOptions, type ExitFlags, exitFlag } from './exit-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';

interface GenerateFlags extends ExitFlags {
  prompt: string;
  maxTokens: number;
  temperature: number;
  topP: number;
  stop?: string[];
  seed?: number;
  maxSteps?: number;
  deadlineMs?: number;
  set?: string[];
  json?: boolean;
  recording?: boolean;
}

export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .description('generate tokens after a prompt, each tinted by how long it was thought about')
    .argument('<run>', 'run directory')
    .requiredOption('--prompt <text>', 'text before the first token')
    .option('--max-tokens <n>', 'most tokens', integer(1), 256)
    .option('--temperature <t>', 'divides the logits; 0 takes the most likely token', number, 1)
    .option('--top-p <p>', 'draw among the likeliest tokens that have this probability', number, 1)
    .option('--stop <text>', 'text that ends the generation; may be repeated', repeated)
    .option('--seed <n>', 'seed of the draws; the same seed generates the same', integer(0))
    .option(
      '--max-steps <n>',
      'most ponder steps before a token (default: the config’s halting.maxSteps)',
      integer(1),
    )
    .option('--deadline-ms <ms>', 'time for all tokens, in milliseconds', number);
  addExitOptions(command)
    .addOption(setOption())
    .addOption(jsonOption('print each token as one JSON object'))
    .option('--recording', 'print a recording, which holds the thought before each token')
    .action(generateCommand);
}

async function generateCommand(run: string, flags: GenerateFlags): Promise<void> {
  const { prompt, set, json, recording, ...given } = flags;
  const { maxTokens, temperature, topP, stop, seed, maxSteps, deadlineMs } = given;
  const exit = exitFlag(flags);
  if (json && recording) throw new UsageError('--json: not allowed together with --recording');
  const { Agent } = await import('../agent/agent.ts');
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  const agent = await Agent.load(run, { set });
  try {
    const options = { maxTokens, temperature, topP, stop, seed, maxSteps, deadlineMs, exit };
    if (recording) {
      const { recordText } = await import('../recording/index.ts');
      const end = await recordText(agent, prompt, { ...options, seed: seed ?? 0, signal }, print);
      if (end === 'full') process.stderr.write('stopped: a recording holds no more than 32 MiB\n');
      if (signal.aborted) process.exitCode = EXIT.interrupted;
      return;
    }
    const colored = !json && process.stdout.isTTY && process.stdout.hasColors();
    const most = maxSteps ?? agent.config.halting.maxSteps;
    let last: GeneratedToken | undefined;
    if (!json) print(prompt);
    for await (const token of agent.generate(prompt, options)) {
      last = token;
      if (json) printJson(token);
      else print(colored ? tinted(token, most) : token.text);
      if (signal.aborted) break;
    }
    if (!json) print('\n');
    if (signal.aborted) process.exitCode = EXIT.interrupted;
    else if (last?.end !== 'stop') process.stderr.write(`ended by ${ENDS[last!.end!]}\n`);
  } finally {
    release();
    agent.dispose();
  }
}

const ENDS = { maxTokens: '--max-tokens', deadline: '--deadline-ms', stop: '--stop' } as const;

/** Shades of a terminal's 256 colors, from the fewest ponder steps to the most. */
const SHADES = [255, 230, 223, 216, 209, 202];

/** A token on a background that is the stronger, the longer it was thought about. */
function tinted({ text, ponderSteps }: GeneratedToken, most: number): string {
  const share = most > 1 ? (Math.min(ponderSteps, most) - 1) / (most - 1) : 0;
  const shade = SHADES[Math.round(share * (SHADES.length - 1))];
  // A line break on a background would color the rest of the line.
  return text.replaceAll(/[^\n]+/g, (part) => `\x1b[30;48;5;${shade}m${part}\x1b[0m`);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError(`Expected a number, got "${text}".`);
  }
  return value;
}
