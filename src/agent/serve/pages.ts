import { createRequire } from 'node:module';
import {
  type Page,
  type PolicyDescription,
  WIRE_VERSION,
  wireJsonSchema,
} from '../../envs/index.ts';
import type { PolicyMetrics } from './metrics.ts';

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };

/** What a policy server shows over HTTP. */
export function policyPages(
  description: () => PolicyDescription,
  status: () => object,
  { registry }: PolicyMetrics,
): Page[] {
  const json = (path: string, value: () => object, open = false): Page => ({
    path,
    open,
    body: () => ({ type: 'application/json', text: JSON.stringify(value()) }),
  });
  return [
    json('/health', status, true),
    // openpi's clients ask here.
    { path: '/healthz', open: true, body: () => ({ type: 'text/plain', text: 'OK\n' }) },
    json('/metadata', () => {
      const policy = description();
      return {
        name: policy.name,
        description: `The policy ${policy.name}, served by pondera ${version}.`,
        version,
        protocol: WIRE_VERSION,
        policy,
      };
    }),
    json('/schema', () => {
      const { actionSpace, observationSpace } = description();
      return { action: actionSpace, observation: observationSpace, messages: wireJsonSchema() };
    }),
    {
      path: '/metrics',
      body: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    },
  ];
}
