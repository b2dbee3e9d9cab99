"""CartPole-v1 by Stable-Baselines3's PPO at its defaults; each round trains with the next seed and gives ms per 1000 steps."""

import argparse

import stable_baselines3
import torch
from contender import milliseconds, serve
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy

EPISODES = 20

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, default=65_536, help="environment steps")
parser.add_argument("--threads", type=int, help="PyTorch's own choice unless given")
args = parser.parse_args()

if args.threads is not None:
    torch.set_num_threads(args.threads)
seed = 0


def round():
    global seed
    model = PPO("MlpPolicy", "CartPole-v1", device="cpu", seed=seed)
    seed += 1
    taken = milliseconds(lambda: model.learn(args.steps))
    mean, _ = evaluate_policy(model, model.get_env(), EPISODES)
    return {"ms": [1000 * taken / model.num_timesteps], "return": [float(mean)]}


serve(f"Stable-Baselines3 {stable_baselines3.__version__}", {}, round)
