const PAGE = 65_536;
const MIB = 1_048_576;
/** The alignment of every block, in bytes: a cache line. */
const LINE = 64;
/** The size that WebAssembly's 32-bit addresses reach. */
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
 * It reserves the memory once and never grows it, so that views and addresses stay valid. A large reservation is cheap:
 * the system provides a page when it is first touched (4 GiB take 0.1 ms and no memory).
 *
 * It rounds block sizes up to classes that are an eighth apart. A freed block goes to the next request of its class, so
 * sizes that repeat, even roughly, need no new memory after the first round. It joins adjacent free blocks only when
 * nothing else is left.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #mib: number;
  /** Sizes of the blocks in use, by address. */
  readonly #sizes = new Map<number, number>();
  /** Addresses of free blocks, by size. */
  readonly #free = new Map<number, number[]>();
  /** Memory that belongs to no class yet, in the order of addresses. */
  #holes: Hole[];
  #used = 0;
  #highWater = 0;

  /**
   * @param mib size of the arena, in MiB
   * @param reserved bytes at the beginning that no block gets
   * @throws RangeError if the size is no whole number in 1..4096, or the system cannot reserve it
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
    // The last page stays free, so that no address that a kernel computes, such as an end, wraps around.
    this.#holes = [{ start: roundUp(reserved, LINE), end: mib * MIB - PAGE }];
  }

  /** Bytes in use, the most bytes in use at once (since `mark`), and free bytes. */
  get statistics(): { used: number; highWater: number; free: number } {
    return { used: this.#used, highWater: this.#highWater, free: this.#freeBytes() };
  }

  /** Starts a new measurement of `highWater`. */
  mark(): void {
    this.#highWater = this.#used;
  }

  /**
   * The address of a new block of at least this many bytes, a multiple of 64. Its content is arbitrary.
   * @throws ArenaFullError if no free stretch is long enough
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

  /** Frees a block. @throws RangeError if no block in use begins at this address */
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

  /** The length of the longest free stretch. It is exact once free blocks are joined. */
  #longest(): number {
    return this.#holes.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  }
}

/** The size of the smallest class that has room for this many bytes: m · 2ᵉ lines, with m in 8..15 or e = 0. */
export function sizeClass(bytes: number): number {
  const lines = Math.max(1, Math.ceil(bytes / LINE));
  const step = 2 ** Math.max(0, Math.floor(Math.log2(lines)) - 3);
  return roundUp(lines, step) * LINE;
}

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;
const inMib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
