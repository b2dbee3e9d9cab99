import { z } from 'zod';
import type { Space } from '../contract/space.ts';
import { jsonAnswer, type Page } from '../net/socket/http-pages.ts';
import { defaultFrameLimits } from '../net/wire/scan.ts';
import { actionFields, observationFields, stateFields } from './open-env-messages.ts';
import { parseJson } from './parse-json.ts';
import { answerRpc, rpcParseError } from './rpc.ts';

/** The answer of `/schema` for OpenEnv's tools: the schemas of actions, observations and states in its messages. */
export function openEnvSchemas(actionSpace: Space, observationSpace: Space) {
  const observation = observationFields(observationSpace).extend({
    reward: z.number().nullable(),
    done: z.boolean(),
  });
  return {
    action: jsonSchema(actionFields(actionSpace)),
    observation: jsonSchema(observation),
    state: jsonSchema(stateFields),
  };
}

/** The pages that `openenv validate` asks for beside `/health`, `/metadata` and `/schema`. */
export function openEnvPages(title: string): Page[] {
  return [
    { path: '/openapi.json', body: () => jsonAnswer(openApi(title)) },
    {
      path: '/mcp',
      method: 'POST',
      body: ({ posted }) => {
        try {
          return jsonAnswer(answerRpc(parseJson(posted, defaultFrameLimits)));
        } catch {
          return jsonAnswer(rpcParseError());
        }
      },
    },
  ];
}

/**
 * The OpenAPI document without `/reset`, `/step` and `/state`, as OpenEnv's servers have it in production: each request
 * there would get an environment of its own, in which no episode can be played.
 */
function openApi(title: string) {
  const described = (summary: string) => ({
    summary,
    responses: { 200: { description: 'OK', content: { 'application/json': {} } } },
  });
  return {
    openapi: '3.1.0',
    info: { title, version: OPENENV_API },
    paths: {
      '/health': { get: described('Whether the server is well') },
      '/metadata': { get: described('What the environment is') },
      '/schema': { get: described('JSON Schemas of action, observation and state') },
      '/mcp': { post: described('JSON-RPC; there are no tools') },
    },
  };
}

/** The version of OpenEnv's HTTP interface. */
const OPENENV_API = '1.0.0';

function jsonSchema(of: z.ZodType) {
  return z.toJSONSchema(of, { io: 'input', unrepresentable: 'any' });
}
