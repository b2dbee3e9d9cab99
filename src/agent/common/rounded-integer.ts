import { isPair, isScalar, type Scalar } from 'yaml';

/** Why a scalar of YAML is another number than is written there: an integer that no double is. */
export function explainRounded({ value, source }: Scalar): string | undefined {
  if (typeof value !== 'number' || source === undefined || !/^[-+]?\d+$/.test(source)) {
    return undefined;
  }
  const digits = source.replace('+', '');
  // What JavaScript writes for a number is not its value to the last digit, but gives it back.
  if (BigInt(digits) === BigInt(value) || digits === String(value)) return undefined;
  return `expected a number that JavaScript holds exactly, got ${source}; put it in quotes to pass it as text`;
}

/** Whether one of YAML's nodes around another is `options`, where any number is allowed. */
export function withinOptions(around: readonly unknown[]): boolean {
  return around.some((node) => isPair(node) && isScalar(node.key) && node.key.value === 'options');
}
