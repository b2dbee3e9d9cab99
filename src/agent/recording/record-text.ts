import type { Agent } from '../agent/agent.ts';
import { exitOf } from '../agent/exit-option.ts';
import type { GenerateOptions } from '../agent/generate-tokens.ts';
import { decideTokens } from '../agent/generate-tokens.ts';
import type { RecordedEnd, RecordingHeader, RecordingLine } from '../run/recording-format.ts';
import { decisionLine, headerOf, MAX_LENGTH } from './recording-lines.ts';

export interface RecordTextOptions extends Omit<GenerateOptions, 'trace' | 'seed'> {
  /** The same seed generates the same text. */
  seed: number;
  /** Characters after which the recording ends; default: 32 Mi. */
  maxLength?: number;
  /** Aborting it ends the text after the token under way. */
  signal?: AbortSignal;
}

/**
 * Generates tokens after a prompt as `Agent.generate` does, and records the thought before each: an episode of the recording is a
 * text, in which a token is an action and then the next observation.
 * @param write receives each line of the recording, with its newline, as soon as its token is written
 * @returns why the text ended; undefined where `signal` ended it
 * @throws RangeError as `Agent.generate` does, before the first line
 */
export async function recordText(
  agent: Agent,
  prompt: string | readonly number[],
  options: RecordTextOptions,
  write: (line: string) => void,
): Promise<RecordedEnd['reason']> {
  const { maxLength = MAX_LENGTH, signal, ...rest } = options;
  const asked = { ...rest, trace: true };
  const { seed, maxSteps, temperature } = asked;
  const exit = exitOf(agent.config, asked.exit);
  let written = 0;
  const put = (line: RecordingHeader | RecordingLine) => {
    const text = `${JSON.stringify(line)}\n`;
    written += text.length;
    write(text);
  };
  let t = 0;
  for await (const { decision, obs, earlier, end } of decideTokens(agent, prompt, asked)) {
    if (t === 0) put(headerOf(agent, exit, { seed, maxSteps, deterministic: temperature === 0 }));
    const [terminated, truncated] = [end === 'stop', end !== undefined && end !== 'stop'];
    const seen = { obs, ...(earlier.length > 0 && { earlier: [...earlier] }) };
    const outcome = { decision, reward: 0, terminated, truncated };
    put(await decisionLine(agent, exit, outcome, t++, seen));
    const reason = end ?? (written >= maxLength ? 'full' : undefined);
    if (reason !== undefined) {
      put({ type: 'end', return: 0, length: t, obs: decision.choice, reason });
      return reason;
    }
    if (signal?.aborted) return undefined;
  }
}
