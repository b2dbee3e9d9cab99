import fc from 'fast-check';
import { codecs } from '../../src/envs/net/wire/codec.ts';
import { wireCodes } from '../../src/envs/net/wire/wire-error.ts';
import { type Draft, drafts, frameOf } from './draft.ts';
import { goodHandshake, type Handshake, handshakes } from './handshakes.ts';
import { numbered } from './messages.ts';
import { checkSaid, Tally, Violation } from './outcome.ts';
import { BINARY, Peer, PING, TEXT, type WsFrame, wsFrame } from './peer.ts';
import { wsFrames } from './ws-frames.ts';

/** What one hostile peer sends over one socket. */
export interface Conversation {
  json: boolean;
  /** Instead of a right one. */
  handshake: Handshake | undefined;
  hello: Draft;
  sends: readonly (Draft | WsFrame)[];
}

/** The server that conversations are with. */
export interface Served {
  port: number;
  path: string;
  token?: string;
  /** Reads what it may say. @throws WireError for anything else */
  read: (message: unknown) => { t: string; code?: string; message?: string };
  /** Whether every message is answered: by a reply, or by the end. */
  answers: boolean;
}

export function conversations(
  { path, token }: Pick<Served, 'path' | 'token'>,
  hellos: fc.Arbitrary<object>,
  messages: fc.Arbitrary<object>,
): fc.Arbitrary<Conversation> {
  const right: Draft['changes'] = [];
  const harmless: Draft['harm'] = { op: 'none', at: 0, bytes: new Uint8Array() };
  const good = hellos.map((message) => ({ message, changes: right, harm: harmless }));
  return fc.record({
    json: fc.boolean(),
    handshake: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: handshakes(path, token) },
    ),
    hello: fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: drafts(hellos) }),
    sends: fc.array(
      fc.oneof({ weight: 6, arbitrary: drafts(messages) }, { weight: 1, arbitrary: wsFrames }),
      { minLength: 1, maxLength: 8 },
    ),
  });
}

/** Conversations that go wrong at their handshake or their hello. */
export function openings(
  { path, token }: Pick<Served, 'path' | 'token'>,
  hellos: fc.Arbitrary<object>,
): fc.Arbitrary<Conversation> {
  return fc.record({
    json: fc.boolean(),
    handshake: fc.oneof(fc.constant(undefined), handshakes(path, token)),
    hello: drafts(hellos),
    sends: fc.constant([]),
  });
}

/** Holds conversations at the same time. @throws what went wrong, or a fault of the server's */
export async function converseAll(
  given: readonly Conversation[],
  served: Served,
  faults: readonly unknown[],
): Promise<Tally> {
  const tally = new Tally();
  for (const one of await Promise.all(given.map((one) => converse(one, served)))) {
    tally.addAll(one);
  }
  if (faults.length > 0) throw faults[0];
  return tally;
}

/**
 * Holds a conversation to its end.
 * @returns what came of its handshake and of each frame
 * @throws Violation where the server hung or answered otherwise than docs/protocol.md says
 */
export async function converse(
  { json, handshake, hello, sends }: Conversation,
  served: Served,
): Promise<Tally> {
  const tally = new Tally();
  const peer = new Peer(served.port);
  const encoding = json ? 'json' : 'msgpack';
  const { bytes, whole } = handshake ?? goodHandshake(served.path, encoding, served.token);
  try {
    peer.write(Buffer.from(bytes, 'latin1'));
    if (!whole) peer.end();
    const answer = await peer.next();
    const refused = handshakeOutcome(answer);
    if (refused !== undefined || !whole) {
      tally.add(refused ?? 'upgraded');
      return tally;
    }
    // What a server decodes it also encodes, so its own codec reads it.
    const codec = codecs()[json ? 1 : 0];
    const latest = new Map<number, number>();
    for (const [i, send] of [hello, ...sends].entries()) {
      const isDraft = 'message' in send;
      const frame = isDraft ? framed(send, encoding, latest) : send;
      peer.write(wsFrame(frame));
      const dangles = (frame.claims ?? frame.payload.length) !== frame.payload.length;
      if (dangles) peer.end();
      // Otherwise frames are read in order, so what came of this one comes before the pong.
      else peer.write(wsFrame({ opcode: PING, payload: Buffer.from(String(i)) }));
      const answered = isDraft && served.answers;
      const outcome = await outcomeOf(peer, String(i), answered, (bytes, binary) => {
        const reply = served.read(codec.decode(bytes, binary)) as Said;
        reply.envs?.forEach((env, row) => {
          latest.set(env, reply.seq![row]);
        });
        return reply;
      });
      tally.add(outcome.name);
      if (outcome.over) break;
    }
    return tally;
  } finally {
    peer.destroy();
  }
}

interface Said {
  t: string;
  code?: string;
  message?: string;
  envs?: ArrayLike<number> & number[];
  seq?: ArrayLike<number>;
}

function framed(draft: Draft, encoding: 'json' | 'msgpack', latest: Map<number, number>): WsFrame {
  const message = numbered(draft.message, (env) => latest.get(env) ?? 0);
  const { binary, bytes } = frameOf({ ...draft, message }, encoding);
  return { opcode: binary ? BINARY : TEXT, payload: bytes };
}

/** @returns undefined where the connection is upgraded */
function handshakeOutcome(heard: Awaited<ReturnType<Peer['next']>>): string | undefined {
  // What is no HTTP is cut off.
  if (heard.type === 'end') return 'cut off';
  if (heard.type !== 'http') throw new Violation(`a handshake answered by ${heard.type}`);
  const { status, body } = heard;
  if (status === 101) return undefined;
  if (status === 200) return 'a page';
  // Node's own, where a request's expectation or the like is none it can meet.
  if (body === '') return `HTTP ${status}`;
  const { code, message } = JSON.parse(body);
  checkSaid(code, message);
  const { http } = wireCodes[code as keyof typeof wireCodes] as { http?: number };
  if (http !== status) throw new Violation(`${code} as HTTP ${status}`);
  return code;
}

/** Codes that say that WebSocket's own rules were broken. */
const WEBSOCKET = [1002, 1007, 1009];

async function outcomeOf(
  peer: Peer,
  mark: string,
  answered: boolean,
  read: (bytes: Buffer, binary: boolean) => Said,
): Promise<{ name: string; over: boolean }> {
  let name: string | undefined;
  let error: string | undefined;
  let marked = false;
  for (;;) {
    const heard = await peer.next();
    switch (heard.type) {
      case 'message': {
        const reply = read(heard.bytes, heard.binary);
        if (reply.t === 'error' || reply.t === 'failed') checkSaid(reply.code, reply.message);
        if (reply.t === 'error') error = reply.code;
        name = reply.code ?? 'answered';
        // The answer of an environment that had to be made first comes after the pong.
        if (marked) return { name, over: false };
        continue;
      }
      case 'pong':
        // Pongs of frames that a frame before has swallowed do not count.
        marked ||= heard.text === mark;
        if (marked && (name !== undefined || !answered)) {
          return { name: name ?? 'silence', over: false };
        }
        continue;
      case 'close':
        return { name: closeOutcome(heard, error), over: true };
      case 'end':
        return { name: 'cut off', over: true };
      default:
        throw new Violation(`HTTP ${heard.status} within a WebSocket`);
    }
  }
}

function closeOutcome({ code, reason }: { code: number; reason: string }, error?: string): string {
  if (error === 'INTERNAL') throw new Violation(`INTERNAL: ${reason}`);
  if (error === undefined) return WEBSOCKET.includes(code) ? `WebSocket ${code}` : 'closed';
  const { close } = wireCodes[error as keyof typeof wireCodes] as { close?: number };
  if (close !== code) throw new Violation(`${error} closed with ${code}`);
  if (!reason.startsWith(error)) throw new Violation(`${error} closed with the reason ${reason}`);
  return error;
}
