/** The rules of the contracts of environments, of their servers and of games, each with how to fix a breach of it. */
const fixes = {
  factory:
    'export a function that returns an environment or a promise of one, also when it gets no options',
  options: 'give the environment options that it takes (env.options)',
  verbs: 'give the environment the methods reset(options) and step(action)',
  spaces:
    'make observationSpace and actionSpace with Box, Discrete, MultiDiscrete, MultiBinary, Text, Dict, Tuple, Sequence or Graph',
  'reset-result': 'return { obs, info } from reset; info may be {}',
  'step-result': 'return { obs, reward, terminated, truncated, info } from step; info may be {}',
  observation: 'return only observations that observationSpace contains, or widen the space',
  reward: 'return a finite number as reward: no NaN, infinity or array',
  flags:
    'return true or false as terminated (the task ended) and as truncated (a limit cut it short), not 0, 1 or undefined',
  info: 'return an object as info',
  'action-mask':
    'give info.actionMask one 0 or 1 for each choice, with at least one 1 for each part of the action',
  earlier: 'make info.earlier an array of observations that observationSpace contains',
  demonstration:
    'make info.demonstration an action that actionSpace contains and info.actionMask allows',
  difficulty:
    'make info.difficulty a finite number or give it another name; until then it is ignored',
  success: 'make info.success true or false or give it another name; until then it is ignored',
  metrics:
    'make info.metrics an object of finite numbers by name; until then what it warns of is left out',
  exception: 'make reset and step succeed for every action that the space and the mask allow',
  timeout:
    'settle every promise; find out what the environment waits for, or raise timeoutMs if it is only slow',
  determinism:
    'draw every random number from one generator that reset({ seed }) seeds, and clear all other state in reset',
  aliasing: 'return a new copy of the observation each time, because the caller keeps it',
  order: 'throw an error when step is called before reset or after the end of an episode',
  'episode-end':
    'wrap the environment in timeLimit, unless its episodes are longer than this check',
  snapshot:
    'make snapshot return the whole state, including the random generator, as plain JSON data, and restore set it',
  render: 'return { width, height, shapes } from render',
  protocol: 'correct the server; docs/protocol.md describes each message',
  autoreset: 'start the next episode in the step that ends one, and send it as `next`',
  'exactly-once':
    'keep each environment’s last reply, and send it again when a request repeats its seq',
  resume:
    'keep a session for graceMs after its connection closes, and continue it when hello has resume',
  close: 'make close succeed, also when it is called twice',
  game: 'export a function that returns a new game, with all members of Game, at the beginning of a play',
  rules: 'make every method succeed for the actions that legalActions and chanceOutcomes name',
  turn: 'return a player in 0..players − 1, "chance" or "end" from turn',
  'legal-actions':
    'return ascending actions of actionSpace from legalActions, at least one where a player acts and none elsewhere',
  'chance-outcomes':
    'return different actions from chanceOutcomes, of probabilities above 0 that add up to 1, and none where chance does not act',
  'illegal-action': 'throw an error from apply for an action that is not legal, and change nothing',
  returns:
    'return a finite number for each player from returns; where zeroSum is true they add up to 0',
  'max-length': 'make maxLength the most actions of players in a play, and end every play',
  replay: 'draw nothing at random, but name it in chanceOutcomes, and clear all state in begin',
  'information-state':
    'make informationState a string that tells all that the player has observed and done, and nothing else',
  'perfect-information':
    'make the observation of the player who acts tell the whole position, or perfectInformation false',
} as const;

/** A rule of the contract of environments, their servers or games. */
export type Rule = keyof typeof fixes;

/** A breach of a rule, or a likely mistake. */
export interface Finding {
  /** The rule; `trainable` and `bounds` are training's own. */
  rule: Rule | 'trainable' | 'bounds';
  /** The observation, with its place. */
  found: string;
  /** The remedy. */
  fix: string;
}

/** Collects the findings of a check, the first one of each rule, since others follow from it. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  problem(rule: Rule, found: string): void {
    add(this.problems, rule, found);
  }

  warn(rule: Rule, found: string): void {
    add(this.warnings, rule, found);
  }
}

function add(findings: Finding[], rule: Rule, found: string): void {
  if (findings.some((finding) => finding.rule === rule)) return;
  findings.push({ rule, found, fix: fixes[rule] });
}
