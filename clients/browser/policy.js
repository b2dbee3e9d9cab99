/** A client of policy servers for browsers: docs/protocol.md in JSON, without dependencies. */

/**
 * Connects to a policy server.
 * @param {string} url such as ws://127.0.0.1:8766/v1/policy
 * @param {string} token of the server, or empty where it has none
 * @returns {Promise<Policy>} rejected where it does not answer or refuses
 */
export function connect(url, token = '') {
  return new Promise((resolve, reject) => {
    // Browsers cannot set headers, so the token travels as a subprotocol.
    const protocols = ['pondera.v1.json', ...(token ? [`pondera.token.${token}`] : [])];
    const socket = new WebSocket(url, protocols);
    const refused =
      'no answer: is it running, the token right, this page’s origin allowed (--origin)?';
    socket.onclose = ({ reason }) => reject(new Error(reason || refused));
    socket.onerror = () => {};
    socket.onopen = () =>
      socket.send(
        JSON.stringify({ t: 'hello', v: 1, role: 'policy-client', client: 'browser example' }),
      );
    socket.onmessage = ({ data }) => {
      const message = read(data);
      if (message?.t === 'welcome' && message.policy) {
        resolve(new Policy(socket, message.policy));
        return;
      }
      const said = message?.t === 'error' ? `${message.code}: ${message.message}` : UNREADABLE;
      reject(new Error(said));
      socket.close(1000);
    };
  });
}

export class Policy {
  #socket;
  #asked = new Map();
  #nextId = 0;
  #nextHistory = 0;
  /** Why nothing can be asked any more. */
  #over = '';
  /** Told why, when the connection ends. */
  onClose = (_reason) => {};

  constructor(socket, description) {
    this.description = description;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      try {
        this.#receive(read(data));
      } catch {
        // What was asked will not be answered, nor does anybody know what else was meant.
        this.#end(UNREADABLE);
        socket.close(1000);
      }
    };
    socket.onclose = ({ code, reason }) => this.#end(reason || `closed with ${code}`);
  }

  #end(why) {
    if (this.#over) return;
    this.#over = why;
    for (const { reject } of this.#asked.values()) reject(new Error(why));
    this.#asked.clear();
    this.onClose(why);
  }

  /**
   * An action about one observation, with the thought behind it. An episode begins with it; `session` plays one.
   * @param obs a value of the observation space, as JSON
   * @param {{ maxSteps?: number, deadlineMs?: number, deterministic?: boolean, seed?: number, earlier?: unknown[] }} options
   *   deterministic: false draws the action, by the seed where there is one; earlier: observations before it that asked for no
   *   action, such as a prompt, which a policy with a memory remembers
   */
  act(obs, { earlier = [], ...options } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#over) throw new Error(this.#over);
      const id = this.#nextId++;
      const take = ({ actions, steps, cut, policyVersion, thoughts }) => {
        resolve({
          action: onlyOf(this.description.actionSpace, actions),
          ponderSteps: first(steps),
          cut: first(cut) === 1,
          policyVersion,
          thought: thoughts[0],
        });
        return true;
      };
      this.#asked.set(id, { take, reject });
      const space = this.description.observationSpace;
      const asked = {
        obs: batchOf(space, [obs]),
        ...(earlier.length > 0 && { earlier: [batchOf(space, earlier)] }),
      };
      this.#socket.send(JSON.stringify({ t: 'act', id, ...asked, trace: true, ...options }));
    });
  }

  /**
   * The tokens after a prompt, each as soon as it is written. To leave the loop ends the generation; where it is cut off, the loop
   * throws, and says after how many tokens.
   * @param {string | number[]} prompt a text of the run's tokens, or a list of them
   * @param {{ maxTokens?: number, temperature?: number, topP?: number, stop?: unknown, seed?: number, maxSteps?: number,
   *   deadlineMs?: number, trace?: boolean }} options as docs/generating.md has them
   * @returns {AsyncGenerator<{ token: number, text: string, logProb: number, ponderSteps: number, policyVersion: number,
   *   end?: string, thought?: { halts: number[], values: number[], actions: number[][] } }>} the last with `end`
   */
  async *generate(prompt, options = {}) {
    if (this.#over) throw new Error(this.#over);
    const id = this.#nextId++;
    const waiting = [];
    let [count, left, failed, wake] = [0, false, undefined, () => {}];
    const take = ({ t, id: _, ...token }) => {
      if (t !== 'generated') throw new Error(UNREADABLE);
      count++;
      if (!left) waiting.push(token);
      wake();
      return token.end !== undefined;
    };
    const reject = (error) => {
      failed = count === 0 ? error : new Error(`cut off after ${count} tokens: ${error.message}`);
      wake();
    };
    this.#asked.set(id, { take, reject });
    this.#socket.send(JSON.stringify({ t: 'generate', id, prompt, ...options }));
    try {
      for (;;) {
        while (waiting.length === 0) {
          if (failed) throw failed;
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        const token = waiting.shift();
        yield token;
        if (token.end) return;
      }
    } finally {
      left = true;
      if (this.#asked.has(id)) this.#socket.send(JSON.stringify({ t: 'cancel', id }));
    }
  }

  /**
   * An episode, for a policy with a memory: the server keeps what was seen and done in it. Of a policy without one, its `act` is
   * that of the policy. There may be any number.
   */
  session() {
    const history = this.description.memory ? this.#nextHistory++ : undefined;
    return new Session(this, history);
  }

  /** Says that a history is not needed any more. */
  forget(history) {
    if (!this.#over) this.#socket.send(JSON.stringify({ t: 'forget', histories: [history] }));
  }

  close() {
    this.#socket.close(1000);
  }

  #receive(message) {
    if (message.t === 'error') return;
    // `take` says whether the answer was the last.
    const { take, reject } = this.#asked.get(message.id);
    const failed = message.t === 'failed';
    if (failed) reject(new Error(`${message.code}: ${message.message}`));
    if (failed || take(message)) this.#asked.delete(message.id);
  }
}

/** An episode, which `Policy.session` makes: an `act` waits for those before it. */
export class Session {
  #policy;
  #history;
  #episode = { step: 0, turn: Promise.resolve() };

  constructor(policy, history) {
    this.#policy = policy;
    this.#history = history;
  }

  /**
   * An action about the next observation of the episode. It is refused where the server does not keep the episode any more;
   * `reset` begins another.
   * @param obs a value of the observation space, as JSON
   * @param options those of `Policy.act`, where `earlier` came since the observation before, and `reward`: the raw reward that
   *   followed the action before
   */
  act(obs, { reward = 0, earlier, ...options } = {}) {
    if (this.#history === undefined) return this.#policy.act(obs, { ...options, earlier });
    const episode = this.#episode;
    // As they are now, since the page may write to them while others are asked.
    const [seen, before] = structuredClone([obs, earlier]);
    const acting = episode.turn.then(async () => {
      const memory = { history: [this.#history], step: [episode.step], reward: [reward] };
      const acted = await this.#policy.act(seen, { ...options, earlier: before, memory });
      episode.step++;
      return acted;
    });
    episode.turn = acting.catch(() => {});
    return acting;
  }

  /** Begins another episode with the next observation. */
  reset() {
    this.#episode = { step: 0, turn: this.#episode.turn };
  }

  /** Says that the episode does not go on, so that the server need not keep it; another `act` begins another one. */
  close() {
    this.reset();
    if (this.#history === undefined) return;
    this.#episode.turn = this.#episode.turn.then(() => this.#policy.forget(this.#history));
  }
}

const UNREADABLE = 'the server answered what no policy server does';

/** A message, or undefined where it is none. */
function read(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Values of a space as a batch of it. */
export function batchOf(space, values) {
  switch (space.type) {
    case 'dict':
      return Object.fromEntries(
        space.spaces.map(([key, part]) => [
          key,
          batchOf(
            part,
            values.map((value) => value?.[key]),
          ),
        ]),
      );
    case 'tuple':
      return space.spaces.map((part, i) =>
        batchOf(
          part,
          values.map((value) => value?.[i]),
        ),
      );
    default:
      return values;
  }
}

/** Some value of a space, to begin with. */
export function example(space) {
  const size = (space.shape ?? []).reduce((product, extent) => product * extent, 1);
  switch (space.type) {
    case 'box': {
      const bound = (bounds, i) => (Array.isArray(bounds) ? bounds[i] : bounds);
      return Array.from({ length: size }, (_, i) => {
        const low = bound(space.low, i) ?? -Infinity;
        const high = bound(space.high, i) ?? Infinity;
        return Math.min(Math.max(0, low), high);
      });
    }
    case 'discrete':
      return space.start;
    case 'multi-discrete':
      return space.start.slice();
    case 'multi-binary':
      return new Array(size).fill(0);
    case 'text':
      return space.charset[0].repeat(space.minLength);
    case 'dict':
      return Object.fromEntries(space.spaces.map(([key, part]) => [key, example(part)]));
    case 'tuple':
      return space.spaces.map(example);
  }
}

/** The only value of a batch of a space. */
function onlyOf(space, batch) {
  switch (space.type) {
    case 'dict':
      return Object.fromEntries(space.spaces.map(([key, part]) => [key, onlyOf(part, batch[key])]));
    case 'tuple':
      return space.spaces.map((part, i) => onlyOf(part, batch[i]));
    case 'text':
      return batch[0];
    default:
      return first(batch);
  }
}

const getters = {
  '<f4': ['getFloat32', 4],
  '<f8': ['getFloat64', 8],
  '|i1': ['getInt8', 1],
  '|u1': ['getUint8', 1],
  '|b1': ['getUint8', 1],
  '<i2': ['getInt16', 2],
  '<u2': ['getUint16', 2],
  '<i4': ['getInt32', 4],
  '<u4': ['getUint32', 4],
};

/** The only value of an ndarray [1, …]: a number, or a list in C order. */
function first({ dtype, shape, data }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const [get, size] = getters[dtype];
  const numbers = Array.from({ length: bytes.length / size }, (_, i) => view[get](i * size, true));
  return shape.length === 1 ? numbers[0] : numbers;
}
