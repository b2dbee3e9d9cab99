/**
 * An environment of an OpenEnv server: spelling. The question `2 dacb` asks for the second letter of
 * `dacb`. OpenEnv declares no spaces, so a module of one's own says what its texts mean.
 *
 *     pip install openenv-core==0.3.0
 *     python examples/openenv_server.py
 *     npm run pondera -- check-env examples/openenv.ts
 *     npm run pondera -- train examples/openenv.yaml
 *
 * In a project of your own, import from 'pondera' and run `npx pondera …`.
 */
import { Discrete, type Env, MultiDiscrete, openEnv } from '../src/index.ts';

const letters = 'abcd';

interface Options {
  url?: string;
}

export default function spelling({
  url = 'http://127.0.0.1:8000',
}: Options = {}): Env<Int32Array, number> {
  return openEnv({
    url,
    // The place asked for (1..4), then the word's letters; all 0 where the episode is over.
    observationSpace: new MultiDiscrete([5, 5, 5, 5, 5]),
    actionSpace: new Discrete(letters.length),
    encodeAction: (letter) => ({ letter: letters[letter] }),
    decodeObs: ({ text }) => {
      const [place, word = ''] = String(text).split(' ');
      return Int32Array.from({ length: 5 }, (_, i) =>
        i === 0 ? Number(place) : letters.indexOf(word.charAt(i - 1)) + (word ? 1 : 0),
      );
    },
    maxEpisodeSteps: 1,
  });
}
