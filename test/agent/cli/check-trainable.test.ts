import { describe, expect, it } from 'vitest';
import { withTrainable } from '../../../src/agent/cli/check-trainable.ts';
import {
  type AnySpace,
  Box,
  type CheckReport,
  Dict,
  Discrete,
  Text,
} from '../../../src/envs/index.ts';

function report(observationSpace: AnySpace, actionSpace: AnySpace): CheckReport {
  const facts = { episodes: 1, envSteps: 1, sync: true, snapshots: false, latencyMs: null };
  return {
    ok: true,
    problems: [],
    warnings: [],
    facts: {
      ...facts,
      observationSpace: observationSpace.toJSON(),
      actionSpace: actionSpace.toJSON(),
    },
  };
}

describe('a report on an environment', () => {
  const two = new Discrete(2);

  it('is as it was where a policy can be made', () => {
    expect(withTrainable(report(two, two))).toEqual(report(two, two));
    const unknown = {
      ...report(two, two),
      facts: { ...report(two, two).facts, actionSpace: undefined },
    };
    expect(withTrainable(unknown)).toBe(unknown);
  });

  it('has a problem where no action can be chosen', () => {
    const found = withTrainable(report(two, new Text({ maxLength: 65 })));
    expect(found).toMatchObject({ ok: false, problems: [{ rule: 'trainable' }], warnings: [] });
    expect(found.problems[0].found).toMatch(
      /^cannot be trained by the built-in policy: actionSpace/,
    );
  });

  it('has a warning where an encoder of one’s own is needed, or bounds are none', () => {
    const found = withTrainable(
      report(new Dict({}) as never, new Box({ shape: [1], low: 100, high: Infinity })),
    );
    expect(found.ok).toBe(true);
    expect(found.warnings.map(({ rule }) => rule)).toEqual(['trainable', 'bounds']);
  });
});
