import { openEnvPages, openEnvSchemas } from '../openenv/pages.ts';
import { jsonPage, metricsPage, type Page } from '../socket/pages.ts';
import { spaceFromJson } from '../spaces/space-from-json.ts';
import { VERSION } from '../version.ts';
import { type EnvDescription, WIRE_VERSION, wireJsonSchema } from '../wire/messages.ts';
import type { EnvMetrics } from './env-metrics.ts';

/** What an environment server shows over HTTP. */
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
      messages: wireJsonSchema(),
    })),
    ...openEnvPages(`${description.id}, served by ${server}`),
    metricsPage(registry),
  ];
}
