"""Decisions of the reference policy in PyTorch, eager: 4 ponder steps, each with its heads."""

import argparse

import problem
import torch
from contender import repeated, serve
from torch_model import Policy

STEPS = 4
WARM_UP = 50

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="weights and observations as safetensors; random unless given")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--batch", type=int, default=1, help="observations of a decision")
args = parser.parse_args()

torch.set_num_threads(args.threads)
arrays = problem.load(args.data)
policy = Policy(arrays)
observations = arrays["observations"].astype("int64")
begin = 0


@torch.inference_mode()
def decide(batch):
    """Actions, and what the heads said at each step."""
    z, injected = policy.begin(torch.from_numpy(batch))
    trace = []
    for n in range(1, STEPS + 1):
        z = policy.core.step(z, injected)
        trace.append(policy.heads(z, n))
    return trace[-1][0].argmax(1).tolist(), trace


def work():
    global begin
    batch = observations[begin : begin + args.batch]
    begin = (begin + args.batch) % len(observations)
    return decide(batch)


def flat(values):
    """A list of [B, ...] for each step, by observation."""
    return torch.stack(values, 1).flatten().tolist()


_, trace = decide(observations)
logits, values, halts = zip(*trace)
check = {"actions": flat([x.softmax(1) for x in logits]), "values": flat(values), "halts": flat(halts)}
for _ in range(WARM_UP):
    work()
serve(f"PyTorch {torch.__version__}", check, repeated(work))
