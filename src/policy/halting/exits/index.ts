import { z } from 'zod';
import { Definitions } from '../../../envs/common/index.ts';
import type { HaltingRule } from '../rule.ts';
import { accelerate } from './accelerate.ts';
import { agree } from './agree.ts';
import { cdf } from './cdf.ts';
import { converge } from './converge.ts';
import type { ExitDefinition } from './exit.ts';
import { fixedExit } from './fixed.ts';
import { randomExit } from './random.ts';
import { sample } from './sample.ts';
import { threshold } from './threshold.ts';

export { type Dial, defineExit, type ExitDefinition } from './exit.ts';
export { fixed } from './fixed.ts';
export { random } from './random.ts';

const builtIn = [
  sample,
  threshold,
  cdf,
  converge,
  agree,
  accelerate,
  randomExit,
  fixedExit,
] as const;

/** The name of an exit: a built-in one, or a registered one. */
export type ExitName = (typeof builtIn)[number]['name'] | (string & {});

/**
 * How a thought may end over any weights, by name.
 * @internal
 */
export const exits = new Definitions<ExitDefinition>('an exit', builtIn, shareOptions);

/**
 * Adds an exit: configs, commands and help then know its name and its options. `defineExit` has an example.
 * @returns a function that removes it
 * @throws RangeError where the name is taken, or another exit has an option of the same name with another schema
 */
export function registerExit<Shape extends z.ZodRawShape>(
  definition: ExitDefinition<Shape>,
): () => void {
  return exits.register(definition as ExitDefinition<Shape> & ExitDefinition);
}

/**
 * The options of all exits, side by side.
 * @internal
 */
export function exitOptions(): typeof known & z.ZodRawShape {
  return Object.assign({}, ...exits.all.map(({ options }) => options));
}

const known = {
  ...threshold.options,
  ...converge.options,
  ...agree.options,
  ...accelerate.options,
  ...randomExit.options,
  ...fixedExit.options,
};

/**
 * Makes the halting rule of an exit.
 * @param options of the exit; those that are left out have their defaults
 * @throws RangeError for an unknown name, ZodError for an unknown or a wrong option
 */
export function exitRule(name: ExitName, options: Record<string, unknown> = {}): HaltingRule {
  const exit = exits.find(name);
  return exit.rule(exitSchema(exit).parse(options));
}

/**
 * The schema of an exit's options; an unknown one is refused.
 * @internal
 */
export function exitSchema({ options }: ExitDefinition): z.ZodObject {
  const schema = schemas.get(options) ?? z.strictObject(options);
  schemas.set(options, schema);
  return schema;
}

// zod compiles a schema when it first parses, which would cost every `act` a quarter of its time.
const schemas = new WeakMap<z.ZodRawShape, z.ZodObject>();

/** @throws RangeError where another exit has an option of the same name with another schema: a config holds it once */
function shareOptions(definition: ExitDefinition, others: readonly ExitDefinition[]): void {
  for (const { name, options } of others) {
    for (const [option, schema] of Object.entries(definition.options)) {
      if (Object.hasOwn(options, option) && options[option] !== schema) {
        throw new RangeError(
          `the exit ${definition.name}: the option ${option} belongs to the exit ${name}: expected the same schema object, or another name`,
        );
      }
    }
  }
}
