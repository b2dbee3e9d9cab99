/** What the server said to a request that it did not grant. */
export class ServerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TOKEN = 'pondera.token';

/** Takes a token from the address (`#token=…`), where it must not stay. */
export function takeToken(): void {
  const [, token] = /^#token=([\w.~-]+)/.exec(location.hash) ?? [];
  if (token === undefined) return;
  setToken(token);
  history.replaceState(null, '', `${location.pathname}#/`);
}

/** For this tab, until it is closed. */
export function setToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

export function token(): string {
  return sessionStorage.getItem(TOKEN) ?? '';
}

/** As `fetch`, with the token. @throws ServerError for any status but a good one */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token() !== '') headers.set('Authorization', `Bearer ${token()}`);
  const response = await fetch(path, { ...init, headers });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new ServerError(response.status, said.message ?? `HTTP ${response.status}`);
}

/** A WebSocket, with the token as a subprotocol: browsers cannot set headers. */
export function connect(path: string): WebSocket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const protocols = ['pondera.page'];
  if (token() !== '') protocols.push(`pondera.token.${token()}`);
  return new WebSocket(url, protocols);
}
