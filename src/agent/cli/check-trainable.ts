import { type CheckReport, type Finding, spaceFromJson } from '../../envs/index.ts';
import {
  explainActionBounds,
  explainActions,
  explainObservations,
  type SpaceProblem,
} from '../../policy/index.ts';

/** A report on an environment, with what stands between it and the built-in policy. */
export function withTrainable<Report extends CheckReport>(report: Report): Report {
  const { observationSpace, actionSpace } = report.facts;
  if (observationSpace === undefined || actionSpace === undefined) return report;
  const spaces = {
    observationSpace: spaceFromJson(observationSpace),
    actionSpace: spaceFromJson(actionSpace),
  };
  const problems = [...report.problems, ...finding('trainable', explainActions(spaces))];
  const warnings = [
    ...report.warnings,
    // Another encoder may see them.
    ...finding('trainable', explainObservations(spaces)),
    ...finding('bounds', explainActionBounds(spaces)),
  ];
  return { ...report, ok: problems.length === 0, problems, warnings };
}

function finding(rule: Finding['rule'], problem: SpaceProblem | undefined): Finding[] {
  if (problem === undefined) return [];
  const { found, fix } = problem;
  const about = rule === 'trainable' ? 'cannot be trained by the built-in policy: ' : '';
  return [{ rule, found: `${about}${found}`, fix }];
}
