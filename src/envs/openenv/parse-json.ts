import { type FrameLimits, scanJson } from '../net/wire/scan.ts';
import { WireError } from '../net/wire/wire-error.ts';

/**
 * Parses JSON as Python writes it, where NaN, Infinity and -Infinity are numbers.
 * @throws WireError BAD_FRAME for text that is no JSON, is nested too deeply or has too many entries
 */
export function parseJson(text: string, limits: FrameLimits): unknown {
  scanJson(text, limits);
  try {
    if (!/NaN|Infinity/.test(text)) return JSON.parse(text);
    return JSON.parse(standard(text), (_, value) => (isNaNMark(value) ? Number.NaN : value));
  } catch (cause) {
    throw new WireError('BAD_FRAME', `frame: ${(cause as Error).message}`, { cause });
  }
}

/** The key of a map that stands for NaN, which JSON cannot express. */
const NAN = '\u0000NaN';

function isNaNMark(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, NAN);
}

/** Replaces NaN and infinities outside of strings by JSON that stands for them. */
function standard(text: string): string {
  const written: Record<string, string> = { NaN: JSON.stringify({ [NAN]: 0 }), Infinity: '1e999' };
  const parts: string[] = [];
  let from = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === 'N' || c === 'I') {
      const name = c === 'N' ? 'NaN' : 'Infinity';
      if (!text.startsWith(name, i)) continue;
      parts.push(text.slice(from, i), written[name]);
      from = i + name.length;
      i = from - 1;
    }
  }
  return parts.join('') + text.slice(from);
}
