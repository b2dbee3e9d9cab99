import { isPair, isScalar, type Scalar } from 'yaml';

/** A message for an integer of YAML that no double holds, so that its value is another number; undefined for others. */
export function explainRounded({ value, source }: Scalar): string | undefined {
  if (typeof value !== 'number' || source === undefined || !/^[-+]?\d+$/.test(source)) {
    return undefined;
  }
  const digits = source.replace('+', '');
  // JavaScript's own text of a number may differ from its exact value, but parses to the same number.
  if (BigInt(digits) === BigInt(value) || digits === String(value)) return undefined;
  return `expected a number that JavaScript holds exactly, got ${source}; put it in quotes to pass it as text`;
}

/** Whether one of the enclosing YAML nodes is `options`, which may hold any number. */
export function withinOptions(around: readonly unknown[]): boolean {
  return around.some((node) => isPair(node) && isScalar(node.key) && node.key.value === 'options');
}
