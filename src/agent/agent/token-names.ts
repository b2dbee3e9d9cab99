import { describe } from '../../envs/common/index.ts';
import type { Discrete } from '../../envs/index.ts';

/**
 * Reads a prompt as tokens of a space: a list of them, or a text, in which at each place the longest name that fits is taken.
 * @throws RangeError in the name of `owner` for a token that the space does not contain, and for a text that its names do not spell
 */
export function tokensOf(
  space: Discrete,
  prompt: string | readonly number[],
  owner: string,
): number[] {
  if (typeof prompt === 'string') return spelled(space, prompt, owner);
  if (!Array.isArray(prompt)) {
    throw new RangeError(`${owner}: expected a text or a list of tokens, got ${describe(prompt)}`);
  }
  for (const [i, token] of prompt.entries()) {
    const problem = space.explain(token);
    if (problem !== undefined) throw new RangeError(`${owner}[${i}]: ${problem}`);
  }
  return [...prompt];
}

/** The name of a token, its number where the space has no names. */
export function nameOf({ names, start }: Discrete, token: number): string {
  return names?.[token - start] ?? String(token);
}

function spelled({ names, start }: Discrete, text: string, owner: string): number[] {
  if (names === undefined) {
    throw new RangeError(
      `${owner}: expected a list of tokens, since the observation space of the run names none, got a text`,
    );
  }
  const known = new Map(names.map((name, i) => [name, start + i]));
  const longest = Math.max(...names.map(({ length }) => length));
  const tokens: number[] = [];
  for (let at = 0; at < text.length; ) {
    let length = Math.min(longest, text.length - at);
    while (length > 0 && !known.has(text.slice(at, at + length))) length--;
    if (length === 0) {
      const got = JSON.stringify(String.fromCodePoint(text.codePointAt(at)!));
      throw new RangeError(
        `${owner}: expected a text of the run's ${names.length} tokens, got ${got} at character ${at}`,
      );
    }
    tokens.push(known.get(text.slice(at, at + length))!);
    at += length;
  }
  return tokens;
}
