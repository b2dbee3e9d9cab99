/**
 * Copies a message so that its arrays have buffers of their own: threads copy the whole buffer of an array, and that of
 * a message from a socket may be much larger.
 */
export function compact<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    if (value.byteLength === value.buffer.byteLength) return value;
    const bytes = value as unknown as Uint8Array;
    // A Buffer's own slice is another view.
    return (bytes instanceof Buffer ? new Uint8Array(bytes) : bytes.slice()) as T;
  }
  if (Array.isArray(value)) return value.map(compact) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, compact(entry)]),
  ) as T;
}
