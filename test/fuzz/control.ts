import { isDeepStrictEqual } from 'node:util';
import type { Env, EnvFactory, Step } from '../../src/envs/index.ts';
import type { Connection } from '../../src/envs/net/socket/connection.ts';
import { dial } from '../../src/envs/net/socket/dial.ts';
import { sayHello } from '../../src/envs/net/socket/handshake.ts';
import { stack, unstack } from '../../src/envs/net/wire/batch.ts';
import { msgpackCodec } from '../../src/envs/net/wire/codec.ts';
import { Rng } from '../../src/kernels/index.ts';
import { inTime, Violation } from './outcome.ts';

/** An honest trainer, whose environment must do what the same one here does, whoever else is about. */
export class Control {
  readonly #url: string;
  readonly #token: string;
  readonly #connection: Connection;
  readonly #twin: Env;
  readonly #rng = Rng.seed(3, 'control');
  #seq = 1;
  #mask: Parameters<Env['actionSpace']['sample']>[1];

  private constructor(url: string, token: string, connection: Connection, twin: Env) {
    this.#url = url;
    this.#token = token;
    this.#connection = connection;
    this.#twin = twin;
  }

  static async begin(url: string, token: string, factory: EnvFactory): Promise<Control> {
    const connection = await greet(url, token);
    const control = new Control(url, token, connection, await factory());
    const { obs, info } = await control.#twin.reset({ seed: 9 });
    control.#mask = info.actionMask;
    control.#compare(await control.#ask({ t: 'reset', seeds: [9] }), obs);
    return control;
  }

  /** Plays on a little, and sees that others may still come. */
  async goOn(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const { actionSpace } = this.#twin;
      const action = actionSpace.sample(this.#rng, this.#mask);
      const reply = await this.#ask({ t: 'step', actions: stack(actionSpace, [action]) });
      const step: Step = await this.#twin.step(action);
      this.#compare(reply, step.obs);
      this.#mask = step.info.actionMask;
      if (!step.terminated && !step.truncated) continue;
      const next = await this.#twin.reset();
      this.#compare(reply.next ?? {}, next.obs);
      this.#mask = next.info.actionMask;
    }
    (await greet(this.#url, this.#token)).close();
  }

  end(): void {
    this.#connection.terminate();
  }

  #ask(message: object): Promise<{ obs?: unknown; next?: { obs?: unknown } }> {
    const reply = new Promise<object>((resolve, reject) => {
      this.#connection.onMessage = (message) => resolve(message as object);
      this.#connection.onClose = ({ code, reason }) =>
        reject(new Violation(`the control session was closed with ${code}, ${reason}`));
    });
    this.#connection.send({ ...message, envs: [0], seq: [this.#seq++] });
    return inTime(reply, 'to the control session');
  }

  #compare({ obs }: { obs?: unknown }, wanted: unknown): void {
    const { observationSpace } = this.#twin;
    const [got] = unstack(observationSpace, obs, 1);
    if (isDeepStrictEqual(got, unstack(observationSpace, stack(observationSpace, [wanted]), 1)[0]))
      return;
    throw new Violation('the environment of the control session is not what it was');
  }
}

/** A session of an environment of one's own; a full server is asked again until others have gone. */
async function greet(url: string, token: string): Promise<Connection> {
  for (;;) {
    const connection = await dial(url, msgpackCodec(), { token });
    try {
      await inTime(
        sayHello(connection, { t: 'hello', v: 1, role: 'trainer', client: 'control' }),
        'to an honest hello',
      );
      return connection;
    } catch (error) {
      if ((error as { code?: string }).code !== 'CAPACITY_REACHED') throw error;
    }
  }
}
