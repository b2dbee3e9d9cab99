"""Training steps of the reference core in PyTorch: forward, backward, Adam."""

import argparse

import problem
import torch
from contender import repeated, serve
from torch_model import Core

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="weights, tokens, target and steps as safetensors; random unless given")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--masked", action="store_true", help="all thoughts go on to the last depth")
parser.add_argument("--pruned", action="store_true", help="at a thought's last depth, only what its readout depends on")
parser.add_argument("--compile", action="store_true", help="by torch.compile, which needs a C++ compiler")
args = parser.parse_args()

torch.set_num_threads(args.threads)
arrays = problem.load(args.data)
core = Core(arrays)
tokens, target, steps = (torch.tensor(arrays[name]) for name in ("tokens", "target", "steps"))
depths = range(int(steps.max()))
reach = [int((steps > k).sum()) for k in depths]
masks = [(steps > k)[:, None] for k in depths]


def sorted_error():
    """Those that think longest come first, and depth k runs on the first reach[k]."""
    z, injected = core.begin(tokens)
    error = 0
    for n in reach:
        z, injected = core.step(z[:n], injected[:n]), injected[:n]
        error = error + (z[:, 0] - target[:n]).square().sum()
    return error


def pruned_error():
    """`sorted_error`, where those that stop make their readouts alone."""
    z, injected = core.begin(tokens)
    error = 0
    for n, on in zip(reach, [*reach[1:], 0]):
        z, readouts = core.pruned_step(z[:n], injected[:n], on)
        error = error + (readouts - target[:n]).square().sum()
        injected = injected[:on]
    return error


def masked_error():
    """All depths run on all; who has halted keeps its state."""
    z, injected = core.begin(tokens)
    error = 0
    for mask in masks:
        z = torch.where(mask[:, None], core.step(z, injected), z)
        error = error + torch.where(mask, (z[:, 0] - target).square(), 0).sum()
    return error


error = masked_error if args.masked else pruned_error if args.pruned else sorted_error
if args.compile:
    error = torch.compile(error)
adam = torch.optim.Adam(core.parameters(), lr=1e-3, fused=True)


def step():
    adam.zero_grad()
    loss = error() / (sum(reach) * target.shape[1])
    loss.backward()
    adam.step()
    return loss.item()


loss = step()
norm = torch.nn.utils.get_total_norm([weight.grad for weight in core.parameters()]).item()
for _ in range(3):
    step()
check = {"loss": loss, "gradNorm": norm, "fifthLoss": step()}
serve(f"PyTorch {torch.__version__}", check, repeated(step))
