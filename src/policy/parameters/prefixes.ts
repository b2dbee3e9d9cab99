import type { Tensors } from './parameters.ts';

/**
 * The same tensors by names with a prefix, so that they can lie beside others.
 * @internal
 */
export function prefixed(prefix: string, tensors: Tensors): Tensors {
  const entries = Object.entries(tensors);
  return Object.fromEntries(entries.map(([name, tensor]) => [prefix + name, tensor]));
}

/**
 * The tensors whose names have a prefix, by what follows it.
 * @internal
 */
export function ofPrefix(prefix: string, tensors: Tensors): Tensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
