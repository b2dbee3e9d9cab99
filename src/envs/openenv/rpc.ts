import { z } from 'zod';

const id = z.union([z.string(), z.int()]).nullish();
const rpcRequest = z.strictObject({
  jsonrpc: z.literal('2.0'),
  method: z.string().max(200),
  params: z.record(z.string(), z.unknown()).optional(),
  id,
});

/** JSON-RPC's codes. */
const [PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND] = [-32700, -32600, -32601];

/** The answer to an MCP request: these environments have no tools, so it is always an error. */
export function answerRpc(request: unknown): object {
  const { success, data, error } = rpcRequest.safeParse(request);
  if (success) {
    const message = `${data.method}: these environments have no MCP tools`;
    return rpcError(METHOD_NOT_FOUND, message, data.id);
  }
  return rpcError(INVALID_REQUEST, `Invalid request: ${error.issues[0].message}`);
}

/** The answer to text that is no JSON. */
export function rpcParseError(): object {
  return rpcError(PARSE_ERROR, 'Parse error');
}

function rpcError(code: number, message: string, to: z.output<typeof id> = null): object {
  return { jsonrpc: '2.0', id: to, error: { code, message, data: null } };
}
