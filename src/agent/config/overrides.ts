import { isCollection, isScalar, parseDocument, visit } from 'yaml';
import { UsageError } from '../common/errors.ts';
import { explainRounded, withinOptions } from '../common/rounded-integer.ts';
import { renamedPath } from './renamed-keys.ts';

/** One `--set path=value`. */
export interface Override {
  text: string;
  path: string[];
  value: unknown;
  /** As the value was written, where it is no list or mapping. */
  source?: string;
}

/** @throws UsageError where it is not `path=value`, the value in YAML */
export function parseOverride(text: string): Override {
  const match = /^([^=.]+(?:\.[^=.]+)*)=(.*)$/s.exec(text);
  if (!match) throw new UsageError(`--set ${text}: expected path=value, such as ppo.epochs=2`);
  const doc = parseDocument(match[2], { prettyErrors: false });
  const refused = (got: string) =>
    new UsageError(`--set ${text}: expected a YAML scalar, [list] or {mapping}, got ${got}`);
  if (doc.errors.length > 0) throw refused(doc.errors[0].message);
  const { contents } = doc;
  if (isCollection(contents) && !contents.flow) throw refused('a block collection');
  visit(doc, {
    Scalar: (_, scalar, around) => {
      const within = withinOptions(around) || match[1].split('.').includes('options');
      const rounded = within ? explainRounded(scalar) : undefined;
      if (rounded !== undefined) throw new UsageError(`--set ${text}: ${rounded}`);
    },
  });
  try {
    const source = isScalar(contents) ? contents.source : undefined;
    return { text, path: renamedPath(match[1].split('.')), value: doc.toJS(), source };
  } catch {
    throw refused('an alias (*)');
  }
}

/** Splits overrides that are joined by +, such as `price.initial=0+train.seed=1`. */
export function splitOverrides(text: string): string[] {
  return text.split(/\+(?=[A-Za-z][\w.]*=)/);
}

/** Whether it names an environment. */
export function namesEnv({ path: [section, field, ...rest], value }: Override): boolean {
  const names = ['id', 'module', 'url', 'listen', 'recordings'];
  return section === 'env' && names.includes(field) && rest.length === 0 && value !== null;
}
