/**
 * An environment of an OpenEnv server: spelling. The question `2 cab` asks for the second letter of
 * cab. OpenEnv declares no spaces, so a module of one's own says what its texts mean.
 *
 *     pip install openenv-core==0.3.0
 *     python examples/openenv_server.py
 *     npm run pondera -- check-env examples/openenv.ts
 *     npm run pondera -- train examples/openenv.yaml
 *
 * Where the package is installed, copy the files and run `npx pondera …`.
 */
import { Discrete, type Env, MultiDiscrete, openEnv } from 'pondera';

const letters = 'abc';

interface Options {
  url?: string;
}

export default function spelling({
  url = 'http://127.0.0.1:8000',
}: Options = {}): Env<Int32Array, number> {
  return openEnv({
    url,
    // Rows (place, its letter), and one (place asked for, none): a set of tokens.
    observationSpace: new MultiDiscrete(new Array(8).fill(4), { shape: [4, 2], as: 'set' }),
    actionSpace: new Discrete(letters.length),
    encodeAction: (letter) => ({ letter: letters[letter] }),
    // Where the episode is over there is no text, and all is 0.
    decodeObs: ({ text }) => {
      const [asked, word = ''] = String(text).split(' ');
      const rows = Array.from(word, (letter, i) => [i + 1, letters.indexOf(letter) + 1]);
      const obs = new Int32Array(8);
      obs.set([...rows, [Number(asked), 0]].flat());
      return obs;
    },
    maxEpisodeSteps: 1,
  });
}
