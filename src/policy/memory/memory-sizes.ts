/** The sizes of a policy's memory. */
export interface MemorySizes {
  /** Entries that a decision attends to, its own among them (L); 0 for a policy without a memory. */
  length: number;
  /** Causal transformer blocks that entries pass before the core attends to them. */
  prelude: number;
  /** Whether an entry holds its observation alone, without the action and the reward before it; default false. */
  observationsOnly?: boolean;
}

/**
 * The most entries that a decision depends on: those it attends to, and for each block of the prelude those that these attend
 * to.
 */
export function entriesNeeded({ length, prelude }: MemorySizes): number {
  return (prelude + 1) * (length - 1) + 1;
}
