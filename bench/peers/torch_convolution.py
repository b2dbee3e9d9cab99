"""Two convolutions with a rectifier between them in PyTorch, and with --gradients the gradients of both filters."""

import argparse

import problem
import torch
from contender import repeated, serve

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="pictures and filters as safetensors")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--gradients", action="store_true")
args = parser.parse_args()

torch.set_num_threads(args.threads)
arrays = problem.load(args.data)
# PyTorch has channels before rows and columns; in memory they come last, which is its faster layout too.
pictures = torch.tensor(arrays["pictures"]).permute(0, 3, 1, 2)
filters = [torch.tensor(arrays[name]).permute(3, 2, 0, 1).contiguous() for name in ("filter0", "filter1")]
for filter in filters:
    filter.requires_grad_(args.gradients)


def convolved():
    hidden = torch.relu(torch.nn.functional.conv2d(pictures, filters[0], stride=4))
    return torch.nn.functional.conv2d(hidden, filters[1], stride=2)


def work():
    """Results with channels last, as ours."""
    if args.gradients:
        return [x.permute(2, 3, 1, 0) for x in torch.autograd.grad(convolved().square().sum(), filters)]
    with torch.no_grad():
        return [convolved().permute(0, 2, 3, 1)]


results = work()
check = {"norms": [x.norm().item() for x in results], "some": results[0].flatten()[:16].tolist()}
serve(f"PyTorch {torch.__version__}", check, repeated(work))
