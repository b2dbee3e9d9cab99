/** What the page lends to a view of one run. */
export interface InspectorContext {
  /** The run's name. */
  run: string;
  /** As `fetch`, of a path of this server, e.g. `/v1/recordings?run=…`, with the token where there is one. */
  request: (path: string, init?: RequestInit) => Promise<Response>;
  /** A WebSocket of this server, with the token where there is one. */
  connect: (path: string) => WebSocket;
  /** Says something to a screen reader. */
  announce: (text: string) => void;
  /** Aborted when the view goes. */
  signal: AbortSignal;
}
