/**
 * A function made from text: the names of its parameters, then its body.
 * @returns undefined where a page's Content Security Policy forbids it
 */
export function functionFrom<F>(...text: string[]): F | undefined {
  try {
    return new Function(...text) as F;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}
