import { checkOptions } from '../../envs/common/index.ts';
import type { ActionMask } from '../../envs/index.ts';
import { type Frames, FrameWindow } from '../../envs/spaces/index.ts';
import { type ActOptions, actChecks } from './act-options.ts';
import type { Act } from './thought-trace.ts';

/** What a session wants of its agent. */
interface Actor {
  act(obs: unknown, options?: ActOptions): Promise<Act>;
  explain(obs: unknown, mask?: ActionMask): string | undefined;
}

/**
 * An agent in an episode, which `agent.session()` makes. Where the run stacked observations (`env.frameStack`), it keeps the
 * latest ones, so that `act` takes what the environment shows.
 */
export class AgentSession {
  readonly #agent: Actor;
  readonly #frames: Frames | undefined;
  #window: FrameWindow | undefined;

  /** @param frames what observations are stacks of; undefined where they are none */
  constructor(agent: Actor, frames: Frames | undefined) {
    this.#agent = agent;
    this.#frames = frames;
    this.reset();
  }

  /** Begins another episode: forgets the observations so far. */
  reset(): void {
    this.#window = this.#frames && new FrameWindow(this.#frames);
  }

  /**
   * Chooses an action for the next observation of the episode, as `agent.act` does. Of a call that throws for a wrong
   * observation, mask or option, it keeps nothing.
   * @param obs one observation of the environment
   * @throws as `agent.act`
   */
  async act(obs: unknown, options: ActOptions = {}): Promise<Act> {
    const window = this.#window;
    if (window === undefined) return this.#agent.act(obs, options);
    checkOptions('AgentSession.act', options, actChecks);
    const problem = this.#frames!.space.explain(obs);
    if (problem !== undefined) throw new RangeError(`AgentSession.act: obs: ${problem}`);
    const frames = window.after(obs);
    const stack = window.stack(frames);
    const wrong = this.#agent.explain(stack, options.mask);
    if (wrong !== undefined) throw new RangeError(`AgentSession.act: ${wrong}`);
    window.frames = frames;
    return this.#agent.act(stack, options);
  }
}
