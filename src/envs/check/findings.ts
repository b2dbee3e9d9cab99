/** The rules of the environment contract, each with how to mend a breach of it. */
const mends = {
  factory:
    'export a function that returns an environment, or a promise of one, without options too',
  verbs: 'give the environment the methods reset(options) and step(action)',
  spaces:
    'make observationSpace and actionSpace with Box, Discrete, MultiDiscrete, MultiBinary, Text, Dict or Tuple',
  'reset-result': 'return { obs, info } from reset; info may be {}',
  'step-result': 'return { obs, reward, terminated, truncated, info } from step; info may be {}',
  observation: 'return only observations that observationSpace contains, or widen the space',
  reward: 'return a finite number as reward: no NaN, infinity or array',
  flags:
    'return true or false as terminated (the task ended) and truncated (a limit cut it short), not 0, 1 or undefined',
  info: 'return an object as info',
  'action-mask':
    'make info.actionMask one 0 or 1 for each choice, at least one 1 for each part of the action',
  difficulty: 'make info.difficulty a finite number, or give it another name: it is ignored',
  success: 'make info.success true or false, or give it another name: it is ignored',
  exception: 'let reset and step succeed for every action that the space and the mask allow',
  timeout: 'settle every promise; check what it waits for, or raise timeoutMs if it is only slow',
  determinism:
    'draw every random number from one generator that reset({ seed }) seeds, and clear all other state in reset',
  aliasing: 'return a fresh copy of the observation each time: it is the caller’s to keep',
  order: 'throw an error when step is called before reset or after the end of an episode',
  'episode-end':
    'wrap the environment in timeLimit, unless its episodes are longer than this check',
  snapshot:
    'let snapshot return the whole state, random generator included, as plain JSON data, and restore take it over',
  render: 'return { width, height, shapes } from render',
  protocol: 'mend the server: docs/protocol.md says what each message must be',
  autoreset: 'begin the next episode in the step that ends one, and send it as `next`',
  'exactly-once': 'keep each environment’s last reply, and send it again for the same seq',
  resume: 'keep a session for graceMs after its connection, and go on where hello has resume',
  close: 'let close succeed, a second time too',
} as const;

/** A rule of the environment contract. */
export type Rule = keyof typeof mends;

/** A breach of a rule, or a likely mistake. */
export interface Finding {
  /** The rule; `trainable` and `bounds` are training's own. */
  rule: Rule | 'trainable' | 'bounds';
  /** The observation, with its place. */
  seen: string;
  /** The remedy. */
  mend: string;
}

/** Collects the findings of a check, the first one of each rule, since others follow from it. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  problem(rule: Rule, seen: string): void {
    add(this.problems, rule, seen);
  }

  warn(rule: Rule, seen: string): void {
    add(this.warnings, rule, seen);
  }
}

function add(findings: Finding[], rule: Rule, seen: string): void {
  if (findings.some((finding) => finding.rule === rule)) return;
  findings.push({ rule, seen, mend: mends[rule] });
}
