import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { thinkPages } from '../../../../src/agent/page/server/think.ts';
import { train } from '../../../../src/agent/train/train.ts';
import { SocketServer } from '../../../../src/envs/net/index.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pondera-think-'));
  await train(tinyConfig(), { runDir: join(folder, 'tiny') });
  await mkdir(join(folder, 'tiny/recordings'));
  await writeFile(join(folder, 'tiny/recordings/a.jsonl'), 'a recording\n');
  await writeFile(join(folder, 'tiny/recordings/a.jsonl.tmp-1'), 'unfinished');
  await mkdir(join(folder, 'empty'));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const dirOf = async (run: string) =>
  ['tiny', 'empty'].includes(run) ? join(folder, run) : undefined;

/** @param script what Node.js runs in place of `pondera` */
async function serve(script = '', idleMs?: number): Promise<SocketServer> {
  const command = ['--input-type=module', '--eval', script, '--'];
  const options = { open: true, command, patienceMs: 200, idleMs };
  const { pages, endpoints } = thinkPages({ dirOf }, options);
  const server = await SocketServer.listen({}, endpoints, pages);
  onTestFinished(() => server.close());
  return server;
}

/** The path as it is, which `fetch` would tidy up. */
function ask(server: SocketServer, path: string): Promise<{ status?: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.pageUrl('/'));
    request({ hostname, port, path }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    })
      .on('error', reject)
      .end();
  });
}

/** A page that watches an episode being played, or a text being written. */
class Watcher {
  readonly socket: WebSocket;
  readonly messages: string[] = [];
  readonly closed: Promise<void>;
  readonly #waiting: (() => void)[] = [];

  constructor(server: SocketServer, query: string, path = '/v1/think') {
    this.socket = new WebSocket(`${server.url(path)}?${query}`, ['pondera.page']);
    onTestFinished(() => this.socket.terminate());
    this.socket.on('message', (data) => {
      this.messages.push(String(data));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  send(message: unknown): void {
    this.socket.once('open', () =>
      this.socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    );
  }

  async first(): Promise<string> {
    if (this.messages.length === 0) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.messages[0];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const prints = 'console.log(process.argv.slice(1).join(" ")); console.log("second");';
const stays = 'console.log(process.pid); setInterval(() => {}, 1000);';
const deaf = `process.on("SIGTERM", () => {}); process.stdout.on("error", () => {}); ${stays}`;

/** A loaded machine takes its time to start and end processes. */
const patient = { timeout: 20_000 };

describe('recordings', () => {
  it('are listed and served, whole ones alone', async () => {
    const server = await serve();
    const list = await ask(server, '/v1/recordings?run=tiny');
    expect(JSON.parse(list.text)).toEqual([
      { file: 'a.jsonl', bytes: 12, writtenAt: expect.any(Number) },
    ]);
    const recording = await ask(server, '/v1/recording?run=tiny&file=a.jsonl');
    expect(recording).toEqual({ status: 200, text: 'a recording\n' });
    expect(JSON.parse((await ask(server, '/v1/recordings?run=empty')).text)).toEqual([]);
  });

  it.each([
    ['/v1/recordings?run=nowhere', 'no run is named nowhere'],
    ['/v1/recordings?run=..', 'no run is named ..'],
    ['/v1/recording?run=tiny&file=b.jsonl', 'no recording is named b.jsonl'],
    ['/v1/recording?run=tiny&file=../metrics.jsonl', 'no recording is named ../metrics.jsonl'],
    ['/v1/recording?run=tiny&file=a.jsonl.tmp-1', 'no recording is named a.jsonl.tmp-1'],
    ['/v1/recording?run=tiny', 'no recording is named '],
  ])('are no way to anything else: %s', async (path, message) => {
    const { status, text } = await ask(await serve(), path);
    expect({ status, message: JSON.parse(text).message }).toEqual({ status: 404, message });
  });
});

const asked = { prompt: '-1+', maxTokens: 3, temperature: 0.5, seed: 7 };

describe('a text written now', () => {
  it.each<[object, string]>([
    [{}, ''],
    [{ maxSteps: 2, stop: '--set' }, ' --max-steps=2 --stop=--set'],
  ])('is what the command prints for %j', async (more, args) => {
    const watcher = new Watcher(await serve(prints), 'run=tiny', '/v1/generate');
    watcher.send({ ...asked, ...more });
    await watcher.closed;
    const command = `generate ${join(folder, 'tiny')} --prompt=-1+ --max-tokens=3 --temperature=0.5 --seed=7`;
    expect(watcher.messages).toEqual([`${command}${args} --recording`, 'second']);
  });

  it.each<[string, string, unknown, RegExp]>([
    ['an unknown run', 'run=nowhere', asked, /^no run is named nowhere$/],
    ['a run without a policy', 'run=empty', asked, /^the run has no checkpoint yet/],
    ['no JSON', 'run=tiny', 'no JSON', /^expected a message as JSON$/],
    ['an empty prompt', 'run=tiny', { ...asked, prompt: '' }, /prompt: .*>=1 characters/],
    [
      'a prompt of a book',
      'run=tiny',
      { ...asked, prompt: 'x'.repeat(30_001) },
      /prompt: .*<=30000 characters/,
    ],
    ['a null byte', 'run=tiny', { ...asked, prompt: 'a\0b' }, /without null bytes/],
    ['too many tokens', 'run=tiny', { ...asked, maxTokens: 10_001 }, /maxTokens: .*<=10000/],
    ['an unknown option', 'run=tiny', { ...asked, set: 'env.module=x' }, /"set"/],
  ])('is refused: %s', async (_, query, message, problem) => {
    const watcher = new Watcher(await serve(stays), query, '/v1/generate');
    watcher.send(message);
    await watcher.closed;
    expect(watcher.messages.map((text) => JSON.parse(text))).toEqual([
      { type: 'problem', message: expect.stringMatching(problem) },
    ]);
  });

  it('says after what has come why no more does', async () => {
    const fails = 'console.log("{}"); console.error("error: no memory"); process.exitCode = 1';
    const watcher = new Watcher(await serve(fails), 'run=tiny', '/v1/generate');
    watcher.send(asked);
    await watcher.closed;
    expect(watcher.messages).toEqual(['{}', '{"type":"problem","message":"no memory"}']);
  });

  it('ends as its page goes, and counts among the episodes in play', async () => {
    const server = await serve(stays);
    const text = new Watcher(server, 'run=tiny', '/v1/generate');
    text.send(asked);
    const pid = Number(await text.first());
    await new Watcher(server, 'run=tiny').first();
    const third = new Watcher(server, 'run=tiny', '/v1/generate');
    third.send(asked);
    expect(await third.first()).toContain('at most 2 episodes and texts in play at once');
    text.socket.close();
    await expect.poll(() => isAlive(pid), patient).toBe(false);
  });

  it('needs a token where the page does', async () => {
    const { pages, endpoints } = thinkPages({ dirOf }, { open: false, command: [] });
    const server = await SocketServer.listen({ token: 'a-secret' }, endpoints, pages);
    onTestFinished(() => server.close());
    const { socket } = new Watcher(server, 'run=tiny', '/v1/generate');
    const refused = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(refused.message).toContain('401');
  });
});

describe('an episode played now', () => {
  it('is what the command prints, line by line', async () => {
    const watcher = new Watcher(await serve(prints), 'run=tiny&seed=7');
    await watcher.closed;
    expect(watcher.messages).toEqual([
      `record ${join(folder, 'tiny')} --seed 7 --stdout`,
      'second',
    ]);
  });

  it.each([
    ['run=empty', stays, 'the run has no checkpoint yet, so there is no policy to play'],
    ['run=nowhere', stays, 'no run is named nowhere'],
    ['run=tiny&seed=-1', stays, 'seed: expected an integer ≥ 0 of at most 10 digits'],
    ['run=tiny&seed=1%20--set', stays, 'seed: expected an integer ≥ 0 of at most 10 digits'],
    ['run=tiny', 'console.error("error: no memory"); process.exit(1)', 'no memory'],
    ['run=tiny', 'process.exit(3)', 'exit code 3'],
  ])('says why there is none: %s', async (query, script, message) => {
    const watcher = new Watcher(await serve(script), query);
    await watcher.closed;
    expect(watcher.messages.map((text) => JSON.parse(text))).toEqual([
      { type: 'problem', message },
    ]);
  });

  it('ends as its page goes, and makes room for another', async () => {
    const server = await serve(stays);
    const [first, second] = [new Watcher(server, 'run=tiny'), new Watcher(server, 'run=tiny')];
    const pid = Number(await first.first());
    await second.first();
    const third = new Watcher(server, 'run=tiny');
    await third.closed;
    expect(JSON.parse(third.messages[0]).message).toBe(
      'expected at most 2 episodes and texts in play at once; try again when one has ended',
    );

    expect(isAlive(pid)).toBe(true);
    first.socket.close();
    await expect.poll(() => isAlive(pid), patient).toBe(false);
    await expect
      .poll(async () => Number(await new Watcher(server, 'run=tiny').first()), patient)
      .toBeGreaterThan(0);
  });

  it('ends as its page goes, though it does not listen', async () => {
    const watcher = new Watcher(await serve(deaf), 'run=tiny');
    const pid = Number(await watcher.first());
    watcher.socket.terminate();
    await expect.poll(() => isAlive(pid), patient).toBe(false);
  });
});

const game = { seat: 1, seed: 7, moves: [] };
/** Prints its arguments, then what it reads, until it is to resign. */
const repeats = `${prints} for await (const line of process.stdin) {
  console.log(String(line).trim());
  if (String(line).includes('resign')) break;
}`;

describe('a game against a person', () => {
  it.each<[number[], string]>([
    [[], ''],
    [[4, 0], ' --moves=4,0'],
  ])(
    'is what the command prints, which reads what the page tells: after %j',
    async (moves, more) => {
      const watcher = new Watcher(await serve(repeats), 'run=tiny', '/v1/play');
      watcher.send({ ...game, moves });
      await watcher.first();
      const told = [{ t: 'move', action: 3 }, { t: 'resign' }].map((one) => JSON.stringify(one));
      for (const [i, line] of told.entries()) {
        watcher.socket.send(line);
        await expect.poll(() => watcher.messages.length, patient).toBe(3 + i);
      }
      await watcher.closed;
      const args = `challenge ${join(folder, 'tiny')} --seat=1 --seed=7 --json${more}`;
      expect(watcher.messages).toEqual([args, 'second', ...told]);
    },
  );

  it.each<[string, string, unknown, RegExp]>([
    ['an unknown run', 'run=nowhere', game, /^no run is named nowhere$/],
    ['a run without a policy', 'run=empty', game, /^the run has no checkpoint yet/],
    ['no JSON', 'run=tiny', 'no JSON', /^expected a message as JSON$/],
    ['a third seat', 'run=tiny', { ...game, seat: 2 }, /seat: .*<=1/],
    ['moves that are none', 'run=tiny', { ...game, moves: ['--set'] }, /moves.0: .*number/],
    ['a book of moves', 'run=tiny', { ...game, moves: Array(1001).fill(0) }, /moves: .*1000/],
    ['an unknown option', 'run=tiny', { ...game, set: 'env.module=x' }, /"set"/],
  ])('is refused: %s', async (_, query, message, problem) => {
    const watcher = new Watcher(await serve(stays), query, '/v1/play');
    watcher.send(message);
    await watcher.closed;
    expect(watcher.messages.map((text) => JSON.parse(text))).toEqual([
      { type: 'problem', message: expect.stringMatching(problem) },
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ['what is no move', { t: 'move', action: -1 }, /^move.action: /],
    ['what is no message', 'nonsense', /^expected a message as JSON$/],
  ])('ends, with its process, by %s', async (_, message, problem) => {
    const watcher = new Watcher(await serve(stays), 'run=tiny', '/v1/play');
    watcher.send(game);
    const pid = Number(await watcher.first());
    watcher.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    await watcher.closed;
    expect(JSON.parse(watcher.messages.at(-1)!).message).toMatch(problem);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends where no move comes', async () => {
    const watcher = new Watcher(await serve(stays, 1000), 'run=tiny', '/v1/play');
    watcher.send(game);
    await watcher.closed;
    expect(JSON.parse(watcher.messages.at(-1)!)).toEqual({
      type: 'problem',
      message: expect.stringMatching(/^the game has ended, since no move came/),
    });
  });

  it('ends as its page goes, and is one of four', async () => {
    const server = await serve(stays);
    const begin = () => {
      const watcher = new Watcher(server, 'run=tiny', '/v1/play');
      watcher.send(game);
      return watcher;
    };
    const four = [begin(), begin(), begin(), begin()];
    const [pid] = await Promise.all(four.map(async (one) => Number(await one.first())));
    expect(await begin().first()).toContain('at most 4 games in play at once');
    four[0].socket.close();
    await expect.poll(() => isAlive(pid), patient).toBe(false);
  });
});
