/**
 * The factor of what comes after a decision: negative where it is the other player's turn, who gets the negative of what this one gets. A
 * decision of a player is one of the own and one of the other, of which each has a half of the discount.
 * @param gamma discount factor per decision of a player
 * @internal
 */
export function turnDiscount(gamma: number, turned: boolean): number {
  return turned ? -Math.sqrt(gamma) : gamma;
}
