"""LunarLander-v3 or a MiniGrid by Stable-Baselines3's PPO, as docs/gymnasium.md has it: a Markdown row a seed.

Hyperparameters are RL Baselines3 Zoo's. The policy is the last of training, with its most likely actions.
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


TASKS = {
    "lunar-lander": {
        "make": lambda: gymnasium.make("LunarLander-v3"),
        "envs": 16,
        "ppo": dict(n_steps=1024, batch_size=64, gae_lambda=0.98, gamma=0.999, n_epochs=4, ent_coef=0.01),
    },
    "minigrid": {
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
parser.add_argument("--episodes", type=int, default=100, help="episodes that are evaluated")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--ppo", default="{}", metavar="JSON", help="hyperparameters in place of the Zoo's")
parser.add_argument("--normalize", action="store_true", help="VecNormalize, also where the Zoo has it not")
args = parser.parse_args()

torch.set_num_threads(args.threads)
task = TASKS[args.task]
task["ppo"].update(json.loads(args.ppo))
normalize = args.normalize or task.get("normalize", False)


def run(seed):
    """Return after training, and the seconds that training took."""
    envs = make_vec_env(task["make"], task["envs"], seed=seed)
    evaluated = make_vec_env(task["make"], task["envs"], seed=2_000_000 + seed)
    if normalize:
        envs = VecNormalize(envs, gamma=task["ppo"]["gamma"])
        evaluated = VecNormalize(evaluated, training=False, norm_reward=False)
        evaluated.obs_rms = envs.obs_rms
    model = PPO("MlpPolicy", envs, device="cpu", seed=seed, **task["ppo"])
    began = time.perf_counter()
    model.learn(args.steps)
    seconds = time.perf_counter() - began
    returned, _ = evaluate_policy(model, evaluated, args.episodes)
    return returned, seconds, model.num_timesteps


print("| seed | return | minutes | steps/s |\n| --- | --- | --- | --- |", flush=True)
returns = []
for seed in range(args.seeds):
    returned, seconds, steps = run(seed)
    returns.append(float(returned))
    print(f"| {seed} | {returned:.3f} | {seconds / 60:.2f} | {steps / seconds:.0f} |", flush=True)
spread = stdev(returns) if len(returns) > 1 else 0
print(f"| mean ± std | {mean(returns):.3f} ± {spread:.3f} | | |")
