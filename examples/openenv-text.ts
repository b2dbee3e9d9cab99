/**
 * A text environment of an OpenEnv server, a token a decision: write a word backwards. The server speaks in texts; this module says
 * which tokens they are, which of them may come next, and which one is right.
 *
 *     pip install openenv-core==0.3.0
 *     python examples/openenv_text_server.py
 *     npm run pondera -- check-env examples/openenv-text.ts
 *     npm run pondera -- train examples/openenv-text.yaml
 *     npm run pondera -- generate runs/backwards --prompt cab. --stop .
 *
 * Where the package is installed, copy the files and run `npx pondera …`.
 */
import { Discrete, type Env, openEnv } from 'pondera';

/** The letters, and the token that ends a word. */
const names = ['a', 'b', 'c', '.'];
const tokens = new Discrete(names.length, 0, { names });
const tokensOf = (text: unknown) => Array.from(String(text), (name) => names.indexOf(name));

interface Options {
  url?: string;
}

export default function backwards({
  url = 'http://127.0.0.1:8001',
}: Options = {}): Env<number, number> {
  return openEnv({
    url,
    observationSpace: tokens,
    actionSpace: tokens,
    encodeAction: (token) => ({ token: names[token] }),
    // After a reset `cab.`, the prompt, and after a step the token that was written.
    decodeObs: ({ text }) => tokensOf(text).at(-1)!,
    decodeInfo: ({ text, allowed, expected, right }) => ({
      earlier: tokensOf(text).slice(0, -1),
      // Where the episode is over, no token is allowed and none expected.
      ...(expected !== '' && {
        actionMask: names.map((name) => (String(allowed).includes(name) ? 1 : 0)),
        demonstration: names.indexOf(String(expected)),
      }),
      ...(typeof right === 'boolean' && { success: right }),
    }),
    maxEpisodeSteps: 16,
  });
}
