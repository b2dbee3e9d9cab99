import { VERSION } from '../../envs/common/index.ts';
import {
  jsonPage,
  metricsPage,
  type Page,
  type PolicyDescription,
  WIRE_VERSION,
  wireJsonSchema,
} from '../../envs/net/index.ts';
import {
  policyReply,
  policyRequest,
  postedAct,
  postedGenerate,
  postedReply,
  postedToken,
} from './policy-messages.ts';
import type { PolicyMetrics } from './policy-metrics.ts';

/** The HTTP routes of a policy server. */
export function policyPages(
  description: () => PolicyDescription,
  status: () => object,
  { registry }: PolicyMetrics,
): Page[] {
  return [
    jsonPage('/health', status, true),
    // openpi's clients ask here.
    { path: '/healthz', open: true, body: () => ({ type: 'text/plain', data: 'OK\n' }) },
    jsonPage('/metadata', () => {
      const policy = description();
      return {
        name: policy.name,
        description: `The policy ${policy.name}, served by pondera ${VERSION}.`,
        version: VERSION,
        protocol: WIRE_VERSION,
        policy,
      };
    }),
    jsonPage('/schema', () => {
      const { actionSpace, observationSpace } = description();
      return {
        action: actionSpace,
        observation: observationSpace,
        messages: wireJsonSchema({
          ...{ policyRequest, policyReply },
          ...{ postedAct, postedReply, postedGenerate, postedToken },
        }),
      };
    }),
    metricsPage(registry),
  ];
}
