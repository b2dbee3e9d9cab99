"""PPO with Stable-Baselines3's CnnPolicy on four stacked 84 × 84 pictures, as bench/ours/pictures.ts; ms, and ms of the CPU, per 1000 steps."""

import argparse
import time

import gymnasium
import numpy as np
import stable_baselines3
import torch
from contender import milliseconds, serve
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack

SIDE = 84
EPISODE = 100

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, default=4096, help="environment steps")
args = parser.parse_args()

torch.set_num_threads(1)
PICTURES = np.random.default_rng(1).integers(0, 256, (64, SIDE, SIDE, 1), np.uint8)


class Noise(gymnasium.Env):
    """Pictures of noise, one after another: an environment that takes no time."""

    observation_space = spaces.Box(0, 255, (SIDE, SIDE, 1), np.uint8)
    action_space = spaces.Discrete(4)
    t = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return PICTURES[self.t % len(PICTURES)], {}

    def step(self, action):
        reward = float(action == self.t % 4)
        self.t += 1
        return PICTURES[self.t % len(PICTURES)], reward, False, self.t % EPISODE == 0, {}


def round():
    envs = VecFrameStack(DummyVecEnv([Noise] * 8), 4)
    model = PPO("CnnPolicy", envs, n_steps=128, batch_size=256, n_epochs=4, device="cpu", seed=1)
    began = time.process_time()
    taken = milliseconds(lambda: model.learn(args.steps))
    used = 1000 * (time.process_time() - began)
    return {"ms": [1000 * taken / model.num_timesteps], "cpu": [1000 * used / model.num_timesteps]}


serve(f"Stable-Baselines3 {stable_baselines3.__version__}", {}, round)
