import type { AnySpace, Space } from '../../envs/index.ts';
import { entriesIn } from '../../envs/spaces/index.ts';

/** Which entries of a space's rows are choices, 1 for each, and not numbers of a Box [space.size]. */
export function choicesIn(space: Space): Uint8Array {
  const known = space as AnySpace;
  const choices = new Uint8Array(known.size);
  let at = 0;
  const put = (part: Space) => {
    choices.set(choicesIn(part), at);
    at += part.size;
  };
  switch (known.type) {
    case 'box':
      break;
    case 'dict':
    case 'tuple':
      for (const [, part] of entriesIn(known)) put(part);
      break;
    case 'graph':
      put(known.parts);
      break;
    case 'sequence':
      // Its length comes first.
      choices[at++] = 1;
      while (at < known.size) put(known.space);
      break;
    default:
      choices.fill(1);
  }
  return choices;
}
