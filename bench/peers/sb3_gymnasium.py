"""Gymnasium's environments by Stable-Baselines3's PPO, as docs/gymnasium.md has them: a Markdown row a seed.

Hyperparameters are RL Baselines3 Zoo's (`ppo.yml`), or with `--defaults` those of Stable-Baselines3. The policy is the
last of training, with its most likely actions.
"""

import argparse
import json
import time
from statistics import mean, stdev

import gymnasium
import numpy as np
import torch
from gymnasium import wrappers
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize


def minigrid(id):
    """What docs/gymnasium.md serves, as float32: of integers, VecNormalize's results would be cut to integers."""
    from minigrid.wrappers import ImgObsWrapper

    flat = wrappers.FlattenObservation(ImgObsWrapper(gymnasium.make(id)))
    return wrappers.DtypeObservation(flat, np.float32)


def linear(start):
    """The Zoo's `lin_…`: from `start` to 0."""
    return lambda left: left * start


LANDER = dict(n_steps=1024, batch_size=64, gae_lambda=0.98, gamma=0.999, n_epochs=4, ent_coef=0.01)
MUJOCO = dict(
    log_std_init=-2, ortho_init=False, activation_fn=torch.nn.ReLU, net_arch=dict(pi=[256, 256], vf=[256, 256])
)

# Without `ppo` the Zoo has no hyperparameters.
TASKS = {
    "CartPole-v1": {
        "envs": 8,
        "ppo": dict(
            n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20, ent_coef=0.0,
            learning_rate=linear(0.001), clip_range=linear(0.2),
        ),
    },
    "Acrobot-v1": {
        "envs": 16,
        "normalize": True,
        "ppo": dict(n_steps=256, gae_lambda=0.94, gamma=0.99, n_epochs=4, ent_coef=0.0),
    },
    "MountainCar-v0": {
        "envs": 16,
        "normalize": True,
        "ppo": dict(n_steps=16, gae_lambda=0.98, gamma=0.99, n_epochs=4, ent_coef=0.0),
    },
    "MountainCarContinuous-v0": {
        "envs": 1,
        "normalize": True,
        "ppo": dict(
            batch_size=256, n_steps=8, gamma=0.9999, learning_rate=7.77e-05, ent_coef=0.00429, clip_range=0.1,
            n_epochs=10, gae_lambda=0.9, max_grad_norm=5, vf_coef=0.19, use_sde=True,
            policy_kwargs=dict(log_std_init=-3.29, ortho_init=False),
        ),
    },
    "Pendulum-v1": {
        "envs": 4,
        "ppo": dict(
            n_steps=1024, gae_lambda=0.95, gamma=0.9, n_epochs=10, ent_coef=0.0, learning_rate=1e-3, clip_range=0.2,
            use_sde=True, sde_sample_freq=4,
        ),
    },
    "FrozenLake-v1": {},
    "Taxi-v4": {},
    # Neither has a limit of its own, and a policy that stands still would never end.
    "CliffWalking-v1": {"make": lambda: gymnasium.make("CliffWalking-v1", max_episode_steps=200)},
    "Blackjack-v1": {"make": lambda: wrappers.FlattenObservation(gymnasium.make("Blackjack-v1"))},
    "LunarLander-v3": {"envs": 16, "ppo": LANDER},
    "LunarLanderContinuous-v3": {"envs": 16, "ppo": LANDER},
    "BipedalWalker-v3": {
        "envs": 32,
        "normalize": True,
        "ppo": dict(
            n_steps=2048, batch_size=64, gae_lambda=0.95, gamma=0.999, n_epochs=10, ent_coef=0.0, learning_rate=3e-4,
            clip_range=0.18,
        ),
    },
    "Hopper-v5": {
        "envs": 1,
        "normalize": True,
        "ppo": dict(
            batch_size=32, n_steps=512, gamma=0.999, learning_rate=9.80828e-05, ent_coef=0.00229519, clip_range=0.2,
            n_epochs=5, gae_lambda=0.99, max_grad_norm=0.7, vf_coef=0.835671, policy_kwargs=MUJOCO,
        ),
    },
    "HalfCheetah-v5": {
        "envs": 1,
        "normalize": True,
        "ppo": dict(
            batch_size=64, n_steps=512, gamma=0.98, learning_rate=2.0633e-05, ent_coef=0.000401762, clip_range=0.1,
            n_epochs=20, gae_lambda=0.92, max_grad_norm=0.8, vf_coef=0.58096, policy_kwargs=MUJOCO,
        ),
    },
    "MiniGrid-DoorKey-5x5-v0": {
        "make": lambda: minigrid("MiniGrid-DoorKey-5x5-v0"),
        "envs": 8,
        "normalize": True,
        "ppo": dict(n_steps=128, batch_size=64, gae_lambda=0.95, gamma=0.99, n_epochs=10, learning_rate=2.5e-4),
    },
}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("task", choices=TASKS)
parser.add_argument("--steps", type=int, required=True, help="environment steps")
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--first", type=int, default=0, help="the first seed")
parser.add_argument("--episodes", type=int, default=100, help="episodes that are evaluated")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--defaults", action="store_true", help="one environment, and Stable-Baselines3's hyperparameters")
parser.add_argument("--ppo", default="{}", metavar="JSON", help="hyperparameters in place of those")
parser.add_argument("--normalize", action="store_true", help="VecNormalize, also where the Zoo has it not")
args = parser.parse_args()

torch.set_num_threads(args.threads)
task = TASKS[args.task]
if not args.defaults and "ppo" not in task:
    parser.error(f"the Zoo has no hyperparameters for {args.task}: expected --defaults")
make = task.get("make", lambda: gymnasium.make(args.task))
tuned = {} if args.defaults else task
ppo = {**tuned.get("ppo", {}), **json.loads(args.ppo)}
count = tuned.get("envs", 1)
normalize = args.normalize or tuned.get("normalize", False)


def run(seed):
    """Return after training, and the seconds that training took."""
    envs = make_vec_env(make, count, seed=seed)
    evaluated = make_vec_env(make, count, seed=2_000_000 + seed)
    if normalize:
        envs = VecNormalize(envs, gamma=ppo["gamma"])
        evaluated = VecNormalize(evaluated, training=False, norm_reward=False)
        evaluated.obs_rms = envs.obs_rms
    model = PPO("MlpPolicy", envs, device="cpu", seed=seed, **ppo)
    began = time.perf_counter()
    model.learn(args.steps)
    seconds = time.perf_counter() - began
    returned, _ = evaluate_policy(model, evaluated, args.episodes)
    return returned, seconds, model.num_timesteps


print("| seed | return | minutes | steps/s |\n| --- | --- | --- | --- |", flush=True)
returns = []
for seed in range(args.first, args.first + args.seeds):
    returned, seconds, steps = run(seed)
    returns.append(float(returned))
    print(f"| {seed} | {returned:.3f} | {seconds / 60:.2f} | {steps / seconds:.0f} |", flush=True)
spread = stdev(returns) if len(returns) > 1 else 0
print(f"| mean ± std | {mean(returns):.3f} ± {spread:.3f} | | |")
