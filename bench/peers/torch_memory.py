"""Training steps of the reference core with a memory in PyTorch: forward, backward, Adam."""

import argparse

import problem
import torch
import torch.nn.functional as F
from contender import repeated, serve
from torch_model import Model, split_heads

SEGMENT, STEPS = 32, 4

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="weights, tokens, target and entries as safetensors")
parser.add_argument("--core", choices=["full", "latent"], required=True)
parser.add_argument("--window", type=int, required=True, help="entries that a decision attends to")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--gather", action="store_true", help="copies each window beside its decision; else a band of the whole segment")
args = parser.parse_args()

torch.set_num_threads(args.threads)
arrays = problem.load(args.data)
tokens, target, entries = (torch.tensor(arrays[name]) for name in ("tokens", "target", "entries"))
batch, width = target.shape
window, segments = args.window, batch // SEGMENT
rows = window - 1 + SEGMENT


class Core(Model):
    def __init__(self):
        super().__init__(arrays, ("core.",))

    def begin(self):
        w = self.weights
        own = w["core.initial"].expand(batch, -1, -1)
        seen = self.norm(tokens, "core.tokens")
        k, v = (entries @ w[f"core.memory.block0.{name}"] for name in ("key", "value"))
        if args.gather:
            # [B, window, D]
            self.past = [split_heads(x.unflatten(0, (segments, rows)).unfold(1, window, 1).transpose(2, 3).flatten(0, 1)) for x in (k, v)]
            self.bias = w["core.memory.block0.distance"][:, None]
        else:
            self.past = [split_heads(x.unflatten(0, (segments, rows))) for x in (k, v)]
            # Row r is at distance t + window - 1 - r of decision t, in the window where it is 0 to window - 1.
            at = torch.arange(rows)[None] - torch.arange(SEGMENT)[:, None]
            inside = (at >= 0) & (at < window)
            bias = w["core.memory.block0.distance"][:, at.clamp(0, window - 1)]
            self.bias = bias.masked_fill(~inside, -torch.inf)
        if args.core == "full":
            z = torch.cat([own, seen], 1)
            return z, z @ w["core.inject"]
        return own, [seen @ w[f"core.block0.{name}"] for name in ("key", "value")]

    def step(self, z, context):
        w = self.weights
        if args.core == "full":
            x = self.norm(z @ w["core.keep"] + context, "core.adapted")
        else:
            x = self.norm(z, "core.state")
        normed = self.norm(x, "core.block0.attention.before")
        q = split_heads(normed @ w["core.block0.attention.query"])
        own = context if args.core == "latent" else [normed @ w[f"core.block0.{name}"] for name in ("key", "value")]
        k, v = (split_heads(part) for part in own)
        read = (self.gathered if args.gather else self.banded)(q, k, v).transpose(1, 2).flatten(2)
        x = x + self.norm(read @ w["core.block0.attention.out"], "core.block0.attention.after")
        normed = self.norm(x, "core.block0.forward.before")
        hidden = F.linear(normed, w["core.block0.forward.inner"].mT, w["core.block0.forward.bias"])
        return x + self.norm(F.relu(hidden) @ w["core.block0.forward.outer"], "core.block0.forward.after")

    def gathered(self, q, k, v):
        """One attention of each decision, over its own tokens and a copy of its window."""
        bias = F.pad(self.bias, (k.shape[2], 0)).expand(-1, q.shape[2], -1)
        return F.scaled_dot_product_attention(q, torch.cat([k, self.past[0]], 2), torch.cat([v, self.past[1]], 2), bias)

    def banded(self, q, k, v):
        """One softmax over own tokens and all entries of the segment, those outside of the window masked: no copy."""
        q = q * q.shape[-1] ** -0.5
        tokens = q.shape[2]
        # [segments, H, decisions, tokens, D / H]
        by_segment = q.unflatten(0, (segments, SEGMENT)).transpose(1, 2)
        past = by_segment.flatten(2, 3) @ self.past[0].mT
        past = past.unflatten(2, (SEGMENT, tokens)) + self.bias[:, :, None]
        past = past.transpose(1, 2).flatten(0, 1)
        shares = torch.cat([q @ k.mT, past], -1).softmax(-1)
        own, remembered = shares.split([k.shape[2], rows], -1)
        remembered = remembered.unflatten(0, (segments, SEGMENT)).transpose(1, 2).flatten(2, 3) @ self.past[1]
        return own @ v + remembered.unflatten(2, (SEGMENT, tokens)).transpose(1, 2).flatten(0, 1)


core = Core()
used = [weight for name, weight in core.weights.items() if name != "core.memory.entry"]
adam = torch.optim.Adam(used, lr=1e-3, fused=True)


def step():
    adam.zero_grad()
    z, context = core.begin()
    if args.core == "latent":
        z = core.step(z, context)
    error = 0
    for _ in range(STEPS):
        z = core.step(z, context)
        error = error + (z[:, 0] - target).square().sum()
    loss = error / (STEPS * batch * width)
    loss.backward()
    adam.step()
    return loss.item()


loss = step()
norm = torch.nn.utils.get_total_norm([weight.grad for weight in used]).item()
for _ in range(3):
    step()
check = {"loss": loss, "gradNorm": norm, "fifthLoss": step()}
serve(f"PyTorch {torch.__version__}", check, repeated(step))
