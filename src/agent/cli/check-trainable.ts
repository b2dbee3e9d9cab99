import {
  type CheckReport,
  type Finding,
  type Space,
  type SpaceJson,
  spaceFromJson,
} from '../../envs/index.ts';
import { loadBackend, Rng } from '../../kernels/index.ts';
import {
  explainActionBounds,
  explainActions,
  explainObservations,
  type SpaceProblem,
} from '../../policy/index.ts';
import { Agent } from '../agent/agent.ts';
import type { Config } from '../config/config.ts';
import type { Summaries } from '../events/events.ts';

/** A report on an environment, with what stands between it and the built-in policy. */
export function withTrainable<Report extends CheckReport>(report: Report): Report {
  const spaces = spacesOf(report);
  if (spaces === undefined) return report;
  const problems = [...report.problems, ...finding('trainable', explainActions(spaces))];
  const warnings = [
    ...report.warnings,
    // Another encoder may see them.
    ...finding('trainable', explainObservations(spaces)),
    ...finding('bounds', explainActionBounds(spaces)),
  ];
  return { ...report, ok: problems.length === 0, problems, warnings };
}

/**
 * Makes the policy that `train` would, and one decision, so that what cannot be trained fails here. A report that says
 * already that there is none stays as it is.
 */
export async function tried<Report extends CheckReport>(
  report: Report,
  config: Config,
): Promise<Report & { summaries?: Summaries }> {
  const spaces = spacesOf(report);
  const known = [...report.problems, ...report.warnings].some(({ rule }) => rule === 'trainable');
  if (spaces === undefined || known) return report;
  await loadBackend('wasm');
  let agent: Agent | undefined;
  try {
    agent = new Agent(config, spaces);
    await agent.act(spaces.observationSpace.sample(Rng.seed(0)));
    return { ...report, summaries: agent.policy.summaries };
  } catch (error) {
    const problem = {
      found: (error as Error).message,
      fix: 'show less of the environment, say how a space is to be read (its option as), raise policy.width, or use your own encoder (policy.encoder)',
    };
    return {
      ...report,
      ok: false,
      problems: [...report.problems, ...finding('trainable', problem)],
    };
  } finally {
    agent?.dispose();
  }
}

function spacesOf({
  facts: { observationSpace, actionSpace },
}: CheckReport): Record<'observationSpace' | 'actionSpace', Space> | undefined {
  if (observationSpace === undefined || actionSpace === undefined) return undefined;
  const made = (json: SpaceJson) => spaceFromJson(json) as Space;
  return { observationSpace: made(observationSpace), actionSpace: made(actionSpace) };
}

function finding(rule: Finding['rule'], problem: SpaceProblem | undefined): Finding[] {
  if (problem === undefined) return [];
  const { found, fix } = problem;
  const about = rule === 'trainable' ? 'cannot be trained by the built-in policy: ' : '';
  return [{ rule, found: `${about}${found}`, fix }];
}
