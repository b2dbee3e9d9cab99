import type { ChanceOutcome, Game, Turn } from '../../src/envs/index.ts';
import { Box, Discrete } from '../../src/envs/index.ts';

/**
 * A small game of three players, as a developer writes one: each in turn takes 1 or 2 stones of a heap, and rolls a coin that
 * may take another one; who takes the last stone loses 2, to the others.
 */
export class HeapGame implements Game<Float32Array> {
  readonly id: string = 'Heap';
  readonly players = 3;
  readonly observationSpace = new Box({ shape: [2], low: 0, high: 10 });
  readonly actionSpace = new Discrete(2, 1);
  readonly maxLength = 6;
  readonly zeroSum: boolean = true;
  readonly perfectInformation: boolean = true;
  left = 6;
  player = 0;
  isTossing = false;
  moves: number[] = [];

  begin(): void {
    Object.assign(this, { left: 6, player: 0, isTossing: false, moves: [] });
  }

  turn(): Turn {
    if (this.left === 0) return 'end';
    return this.isTossing ? 'chance' : this.player;
  }

  legalActions(): readonly number[] {
    if (typeof this.turn() !== 'number') return [];
    return this.left === 1 ? [1] : [1, 2];
  }

  chanceOutcomes(): readonly ChanceOutcome[] {
    if (this.turn() !== 'chance') return [];
    return [
      { action: 0, probability: 0.75 },
      { action: 1, probability: 0.25 },
    ];
  }

  apply(action: number): void {
    const legal = [...this.legalActions(), ...this.chanceOutcomes().map((one) => one.action)];
    if (!legal.includes(action)) throw new Error(`${action} is not legal`);
    this.moves = [...this.moves, action];
    this.left -= action;
    if (this.left > 0 && this.isTossing) this.player = (this.player + 1) % 3;
    this.isTossing = !this.isTossing;
  }

  returns(): readonly number[] {
    return [0, 1, 2].map((player) => (this.left > 0 ? 0 : player === this.player ? -2 : 1));
  }

  observe(player: number): Float32Array {
    return Float32Array.of(this.left, (this.player - player + 3) % 3);
  }

  informationState(_player: number): string {
    return this.moves.join(' ');
  }

  snapshot(): unknown {
    const { left, player, isTossing, moves } = this;
    return { left, player, isTossing, moves };
  }

  restore(snapshot: unknown): void {
    Object.assign(this, snapshot);
  }
}
