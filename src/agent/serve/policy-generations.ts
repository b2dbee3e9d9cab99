import { WireError } from '../../envs/net/index.ts';
import { type Generator, generate } from '../agent/generate-tokens.ts';
import type { ThoughtTrace } from '../agent/thought-trace.ts';
import type { ServedToken } from './ask-options.ts';
import type { PolicyBatcher } from './policy-batcher.ts';
import type { PostedGenerate } from './policy-messages.ts';
import type { PolicyMetrics } from './policy-metrics.ts';

/**
 * Generates tokens for all clients. Their thoughts share the batch with those of actions. Where the weights change, a generation
 * goes on with the new ones: the thought under way begins again, and what was written stays.
 */
export class PolicyGenerations {
  readonly #thinker: PolicyBatcher;
  readonly #writer: Generator;
  readonly #most: number;
  readonly #metrics: PolicyMetrics;
  #running = 0;

  /** @param most generations at a time */
  constructor(thinker: PolicyBatcher, most: number, metrics: PolicyMetrics) {
    const { agent } = thinker;
    const { policy, observationSpace, actionSpace } = agent;
    this.#thinker = thinker;
    this.#writer = {
      ...{ policy, observationSpace, actionSpace },
      remembering: {
        begin: () => agent.remembering.begin(),
        forget: (history) => thinker.forget(history),
      },
      checkUsable: (owner) => agent.checkUsable(owner),
      rowOf: (obs) => agent.rowOf(obs),
      normalized: (row) => agent.normalized(row),
      think: (obs, options, see) => thinker.thinkToken(obs, options, see),
    };
    this.#most = most;
    this.#metrics = metrics;
  }

  /** Generations under way. */
  get running(): number {
    return this.#running;
  }

  /**
   * Generates tokens. Who leaves the iteration ends it.
   * @throws WireError REFUSED where the policy generates none or prompt and options do not fit, OVERLOADED, SHUTTING_DOWN, INTERNAL
   */
  async *tokens({
    prompt,
    ...options
  }: PostedGenerate): AsyncGenerator<ServedToken, void, undefined> {
    try {
      if (this.#running >= this.#most) {
        throw new WireError(
          'OVERLOADED',
          `${this.#running} generations are under way already (generations); try again later`,
        );
      }
      this.#running++;
      try {
        for await (const { thought, ...token } of generate(this.#writer, prompt, options)) {
          const policyVersion = this.#thinker.agent.version;
          yield { ...token, policyVersion, ...(thought && { thought: listsOf(thought) }) };
        }
      } finally {
        this.#running--;
      }
    } catch (cause) {
      const error = cause instanceof RangeError ? refusal(cause) : cause;
      this.#metrics.failed(error instanceof WireError ? error.code : 'INTERNAL');
      throw error;
    }
  }
}

/** A thought as it travels, beside what the token says of it. */
function listsOf({ halts, values, actions }: ThoughtTrace): ServedToken['thought'] {
  return { halts, values, actions };
}

function refusal({ message }: RangeError): WireError {
  return new WireError('REFUSED', message.replace(/^Agent\.generate: /, ''));
}
