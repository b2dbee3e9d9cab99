/** What a view of one run gets from the page. */
export interface InspectorContext {
  /** The run's name. */
  run: string;
  /** Fetches a path of this server, such as `/v1/recordings?run=…`, with the token where there is one. */
  request: (path: string, init?: RequestInit) => Promise<Response>;
  /** Opens a WebSocket to this server, with the token where there is one. */
  connect: (path: string) => WebSocket;
  /** Has a screen reader read a text. */
  announce: (text: string) => void;
  /** Aborted when the page removes the view. */
  signal: AbortSignal;
}
