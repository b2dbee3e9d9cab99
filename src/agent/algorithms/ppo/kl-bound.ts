/** The bound where an episode is one decision, in nats. */
const ONE_DECISION = 0.2;

/**
 * The KL of an epoch that ends an update where the config leaves `ppo.targetKl` out: 0.2 / √H nats a decision. The divergences of the
 * H decisions that a return covers add up, so an update that is harmless for questions of one decision upsets
 * a balance of a hundred. Measured at both ends (docs/learning.md): 0.2 for k-hop, 0.02 for CartPole.
 * @param horizon H
 */
export function klBound(horizon: number): number {
  return ONE_DECISION / Math.sqrt(horizon);
}
