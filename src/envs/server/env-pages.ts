import { VERSION } from '../common/version.ts';
import { jsonPage, metricsPage, type Page } from '../net/socket/http-pages.ts';
import {
  type EnvDescription,
  envReply,
  envRequest,
  WIRE_VERSION,
  wireJsonSchema,
} from '../net/wire/messages.ts';
import { openEnvPages, openEnvSchemas } from '../openenv/open-env-pages.ts';
import { spaceFromJson } from '../spaces/space-from-json.ts';
import type { EnvMetrics } from './env-metrics.ts';

/** The HTTP routes of a server of environments. */
export function envPages(
  description: EnvDescription,
  status: () => object,
  { registry }: EnvMetrics,
): Page[] {
  const server = `pondera ${VERSION}`;
  const actionSpace = spaceFromJson(description.actionSpace);
  const observationSpace = spaceFromJson(description.observationSpace);
  return [
    jsonPage('/health', status, true),
    jsonPage('/metadata', () => ({
      name: description.id,
      description: `The environment ${description.id}, served by ${server}.`,
      version: VERSION,
      protocol: WIRE_VERSION,
      env: description,
    })),
    jsonPage('/schema', () => ({
      ...openEnvSchemas(actionSpace, observationSpace),
      messages: wireJsonSchema({ envRequest, envReply }),
    })),
    ...openEnvPages(`${description.id}, served by ${server}`),
    metricsPage(registry),
  ];
}
