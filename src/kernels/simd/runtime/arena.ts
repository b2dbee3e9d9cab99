const PAGE = 65_536;
const MIB = 1_048_576;
/** Alignment of every block, in bytes: a cache line. */
const LINE = 64;
/** The most that WebAssembly's 32-bit addresses reach. */
const MAX_MIB = 4096;

interface Hole {
  start: number;
  end: number;
}

/** Says that the arena of the backend `simd` has no free block that is large enough. */
export class ArenaFullError extends RangeError {
  override readonly name = 'ArenaFullError';
}

/**
 * One shared WebAssembly memory and the blocks within it.
 *
 * It is reserved once and never grows, so that views and addresses stay valid. A large reservation is
 * cheap: the system gives it pages as they are first touched (4 GiB take 0.1 ms and no memory).
 *
 * Block sizes are rounded up to classes an eighth apart, and a freed block goes to the next request of
 * its class, so that sizes that repeat, even raggedly, need no new memory after the first round. Only
 * when nothing is left are neighbouring free blocks joined.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #mib: number;
  /** Sizes of the blocks in use, by address. */
  readonly #sizes = new Map<number, number>();
  /** Addresses of free blocks, by size. */
  readonly #free = new Map<number, number[]>();
  /** Memory that belongs to no class yet, by address. */
  #holes: Hole[];
  #used = 0;
  #highWater = 0;

  /**
   * @param mib size of the whole, in MiB
   * @param reserved bytes at the beginning that are never given out
   * @throws RangeError where the size is no whole number in 1..4096, or the system refuses it
   */
  constructor(mib: number, reserved = PAGE) {
    if (!Number.isInteger(mib) || mib < 1 || mib > MAX_MIB) {
      throw new RangeError(
        `kernels.arenaMiB must be a whole number in 1..${MAX_MIB} (32-bit addresses), got ${mib}`,
      );
    }
    const pages = (mib * MIB) / PAGE;
    try {
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (cause) {
      throw new RangeError(`the system cannot reserve ${mib} MiB; lower kernels.arenaMiB`, {
        cause,
      });
    }
    this.#mib = mib;
    // The last page stays free: no address that a kernel computes, an end included, wraps around.
    this.#holes = [{ start: roundUp(reserved, LINE), end: mib * MIB - PAGE }];
  }

  /** Bytes in use, the most there have been at once (since `mark`), and bytes that are not in use. */
  get statistics(): { used: number; highWater: number; free: number } {
    return { used: this.#used, highWater: this.#highWater, free: this.#freeBytes() };
  }

  /** `highWater` counts from here on. */
  mark(): void {
    this.#highWater = this.#used;
  }

  /**
   * A block of at least so many bytes, whatever they hold; its address is a multiple of 64.
   * @throws ArenaFullError where no stretch is long enough
   */
  allocate(bytes: number): number {
    const size = sizeClass(bytes);
    const address = this.#free.get(size)?.pop() ?? this.#carve(size) ?? this.#joinAndCarve(size);
    if (address === undefined) {
      throw new ArenaFullError(
        `the arena cannot hold ${inMib(bytes)} more: ${inMib(this.#freeBytes())} of ${this.#mib} MiB` +
          ` are free, ${inMib(this.#longest())} of them in one piece; raise kernels.arenaMiB`,
      );
    }
    this.#sizes.set(address, size);
    this.#used += size;
    this.#highWater = Math.max(this.#highWater, this.#used);
    return address;
  }

  /** @throws RangeError where no block in use begins there */
  free(address: number): void {
    const size = this.#sizes.get(address);
    if (size === undefined) {
      throw new RangeError(`arena: no block in use begins at ${address}; freed twice?`);
    }
    this.#sizes.delete(address);
    this.#used -= size;
    const blocks = this.#free.get(size);
    if (blocks) blocks.push(address);
    else this.#free.set(size, [address]);
  }

  #carve(size: number): number | undefined {
    const hole = this.#holes.find(({ start, end }) => end - start >= size);
    if (hole === undefined) return undefined;
    hole.start += size;
    return hole.start - size;
  }

  #joinAndCarve(size: number): number | undefined {
    for (const [blockSize, blocks] of this.#free) {
      for (const start of blocks) this.#holes.push({ start, end: start + blockSize });
    }
    this.#free.clear();
    const joined: Hole[] = [];
    for (const hole of this.#holes.sort((a, b) => a.start - b.start)) {
      if (hole.start === hole.end) continue;
      const last = joined.at(-1);
      if (last?.end === hole.start) last.end = hole.end;
      else joined.push(hole);
    }
    this.#holes = joined;
    return this.#carve(size);
  }

  #freeBytes(): number {
    const inHoles = this.#holes.reduce((sum, { start, end }) => sum + end - start, 0);
    return [...this.#free].reduce((sum, [size, { length }]) => sum + size * length, inHoles);
  }

  /** The longest free stretch; exact once free blocks have been joined. */
  #longest(): number {
    return this.#holes.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  }
}

/** The size of the smallest class that holds so many bytes: m · 2ᵉ lines, m in 8..15 or e = 0. */
export function sizeClass(bytes: number): number {
  const lines = Math.max(1, Math.ceil(bytes / LINE));
  const step = 2 ** Math.max(0, Math.floor(Math.log2(lines)) - 3);
  return roundUp(lines, step) * LINE;
}

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;
const inMib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
