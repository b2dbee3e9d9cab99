import { copied } from '../../envs/common/index.ts';
import {
  type Env,
  type EnvFactory,
  type Info,
  type Space,
  spaceFromJson,
} from '../../envs/index.ts';
import { Rng, type RngState } from '../../kernels/common/index.ts';
import { RecordingError, readRecording } from './read-recording.ts';
import type { RecordedDecision, RecordedEnd, RecordingLine } from './recording-format.ts';

/** A decision of a recorded episode, with what was seen and done as values of the spaces. */
interface Moment extends Pick<RecordedDecision, 'reward' | 'terminated' | 'truncated'> {
  obs: unknown;
  info: Info;
}

/** A recorded episode. */
interface Episode {
  moments: Moment[];
  /** The observation after the last action. */
  last: unknown;
  success: boolean | undefined;
}

interface Snapshot {
  rng: RngState;
  episode: number;
  at: number;
}

/**
 * An environment that plays recordings (docs/recordings.md): each episode is a recorded one, drawn uniformly, and goes on as it was
 * recorded, whatever the action. `info.demonstration` is the recorded action, so that `algorithm: likelihood` learns to act as the
 * recorded policy did. Episodes that were lost, or whose end was not recorded, are left out.
 * @param paths of JSONL files, all of the same spaces
 * @throws RecordingError where one cannot be read, lacks an observation or has other spaces, or none holds a whole episode
 */
export async function recordedEnv(paths: readonly string[]): Promise<EnvFactory> {
  let spaces: { observation: Space; action: Space; json: string } | undefined;
  const episodes: Episode[] = [];
  for (const path of paths) {
    const { header, lines } = await readRecording(path);
    const json = JSON.stringify(header.spaces);
    spaces ??= {
      observation: spaceFromJson(header.spaces.observation) as Space,
      action: spaceFromJson(header.spaces.action) as Space,
      json,
    };
    if (json !== spaces.json) {
      throw new RecordingError(
        `${path}: expected the spaces of ${paths[0]}, ${spaces.json}, got ${json}`,
      );
    }
    episodes.push(...episodesOf(lines, spaces.observation, spaces.action, path));
  }
  if (spaces === undefined || episodes.length === 0) {
    throw new RecordingError(
      `expected recordings of at least one whole episode, got none in ${paths.join(', ')}`,
    );
  }
  const { observation, action } = spaces;
  return () => new RecordedEnv(observation, action, episodes);
}

class RecordedEnv implements Env {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly #episodes: readonly Episode[];
  readonly #rng = Rng.seed(0, 'recorded');
  #episode = -1;
  #at = 0;

  constructor(observationSpace: Space, actionSpace: Space, episodes: readonly Episode[]) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.#episodes = episodes;
  }

  reset({ seed }: { seed?: number } = {}) {
    if (seed !== undefined) this.#rng.restore(Rng.seed(seed, 'recorded').state());
    this.#episode = this.#rng.int(this.#episodes.length);
    this.#at = 0;
    const { obs, info } = this.#episodes[this.#episode].moments[0];
    return { obs: copied(obs), info: givenInfo(info) };
  }

  step() {
    const episode = this.#episodes[this.#episode];
    const moment = episode?.moments[this.#at];
    if (moment === undefined) throw new Error('recorded episode: expected reset() before step()');
    const { reward, terminated, truncated } = moment;
    const next = episode.moments[++this.#at];
    const { success } = episode;
    const info: Info = next ? givenInfo(next.info) : success === undefined ? {} : { success };
    return { obs: copied(next ? next.obs : episode.last), reward, terminated, truncated, info };
  }

  snapshot(): Snapshot {
    return { rng: this.#rng.state(), episode: this.#episode, at: this.#at };
  }

  restore(snapshot: unknown): void {
    const { rng, episode, at } = snapshot as Snapshot;
    this.#rng.restore(rng);
    this.#episode = episode;
    this.#at = at;
  }
}

/** An info of which the receiver may change the observations. */
function givenInfo({ earlier, ...info }: Info): Info {
  return { ...info, ...(earlier && { earlier: earlier.map(copied) }) };
}

/** The whole episodes of a recording. @throws RecordingError where an observation is missing or wrong */
function episodesOf(
  lines: readonly RecordingLine[],
  observations: Space,
  actions: Space,
  path: string,
): Episode[] {
  const episodes: Episode[] = [];
  let decisions: { line: RecordedDecision; where: string }[] = [];
  for (const [i, line] of lines.entries()) {
    const where = `${path}:${i + 2}`;
    if (line.type === 'decision') {
      decisions.push({ line, where });
      continue;
    }
    if (line.lost === undefined && decisions.length > 0) {
      episodes.push(episodeOf(decisions, line, where, observations, actions));
    }
    decisions = [];
  }
  return episodes;
}

function episodeOf(
  decisions: readonly { line: RecordedDecision; where: string }[],
  end: RecordedEnd,
  where: string,
  observations: Space,
  actions: Space,
): Episode {
  const read = (space: Space, value: unknown, at: string) => {
    if (value === undefined) {
      throw new RecordingError(
        `${at}: expected an observation, got none: it was too large to be recorded`,
      );
    }
    const { data, error } = space.schema.safeParse(value);
    if (error) throw new RecordingError(`${at}: ${error.issues[0].message}`);
    return data;
  };
  let entries = 0;
  const moments = decisions.map(({ line, where: at }): Moment => {
    const { entry, reward, terminated, truncated, difficulty, mask } = line;
    const earlier = line.earlier?.map((one) => read(observations, one, at));
    entries += earlier?.length ?? 0;
    if (entry !== undefined && entry !== entries) {
      throw new RecordingError(
        `${at}: expected an entry of number ${entries}, got ${entry}: observations of info.earlier are missing, which were too large, or which versions before 4 do not hold`,
      );
    }
    entries++;
    const info: Info = { demonstration: read(actions, line.action, at) };
    if (earlier !== undefined) info.earlier = earlier;
    if (difficulty !== undefined) info.difficulty = difficulty;
    if (mask !== undefined) info.actionMask = mask;
    return { obs: read(observations, line.obs, at), info, reward, terminated, truncated };
  });
  return { moments, last: read(observations, end.obs, where), success: end.success };
}
