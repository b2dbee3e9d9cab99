/** The server's answer to a request that it refused. */
export class ServerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TOKEN = 'pondera.token';

/** Takes a token from the address (`#token=…`) and removes it there. */
export function takeToken(): void {
  const [, token] = /^#token=([\w.~-]+)/.exec(location.hash) ?? [];
  if (token === undefined) return;
  setToken(token);
  history.replaceState(null, '', `${location.pathname}#/`);
}

/** Keeps the token for this tab until it is closed; an empty one removes it. */
export function setToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

export function token(): string {
  return sessionStorage.getItem(TOKEN) ?? '';
}

/** As `fetch`, with the token. @throws ServerError if the status is not 2xx */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token() !== '') headers.set('Authorization', `Bearer ${token()}`);
  const response = await fetch(path, { ...init, headers });
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new ServerError(response.status, body.message ?? `HTTP ${response.status}`);
}

/** Opens a WebSocket, with the token as a subprotocol, since browsers cannot set its headers. */
export function connect(path: string): WebSocket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const protocols = ['pondera.page'];
  if (token() !== '') protocols.push(`pondera.token.${token()}`);
  return new WebSocket(url, protocols);
}
