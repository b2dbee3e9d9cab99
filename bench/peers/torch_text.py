"""Training steps of the reference language model in PyTorch, on whole segments: forward, backward, clipping, Adam."""

import argparse

import problem
import torch
import torch.nn.functional as F
from contender import serve_training
from torch_model import FLOOR, split_heads
from torch_text_model import WINDOW, TextModel

STEPS, PRICE, FORCED = 4, 0.01, 0.25

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="weights and segments as safetensors")
parser.add_argument("--batch", type=int, required=True, help="characters in a gradient step")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--released", action="store_true", help="the halting head weighs the losses; else ½ the last, ½ the mean")
parser.add_argument("--softmax", action="store_true", help="own token and segment in two products and a softmax; else scaled_dot_product_attention over both")
args = parser.parse_args()

torch.set_num_threads(args.threads)
arrays = problem.load(args.data)
segments = torch.tensor(arrays["segments"])[: args.batch // WINDOW].long()
characters, following = segments[:, :-1], segments[:, 1:]
model = TextModel(arrays, WINDOW)
w = model.weights
at = torch.arange(WINDOW)
distance = at[:, None] - at
future = distance < 0
last_first = (WINDOW - 1 - distance).clamp(max=WINDOW - 1)
# A character's own token, beside those of all others.
others = torch.zeros(WINDOW, WINDOW).masked_fill(~torch.eye(WINDOW, dtype=torch.bool), -torch.inf)


def causal_bias(block):
    """[H, queries, entries]"""
    return w[f"{block}.distance"][:, last_first].masked_fill(future, -torch.inf)


def project(x, block):
    return [split_heads(x @ w[f"{block}.{name}"]) for name in ("key", "value")]


def readouts():
    """After each ponder step [steps, segments, characters, D]."""
    seen, x = model.embed(characters, model.beside)
    k, v = project(model.norm(x, "memory.block0.keys"), "memory.block0")
    bias = causal_bias("memory.block0")
    prelude = lambda q: F.scaled_dot_product_attention(q, k, v, bias)
    entries = model.norm(model.block(model.norm(x, "memory.block0.state"), "memory.block0", prelude), "memory.entries")

    own = project(model.norm(seen, "core.tokens"), "core.block0")
    past = project(entries, "core.memory.block0")
    attend = (softmax_over if args.softmax else sdpa_over)(own, past, causal_bias("core.memory.block0"))
    z = w["core.initial"] + entries @ w["core.memory.entry"]
    states = []
    for _ in range(1 + STEPS):
        z = model.block(model.norm(z, "core.state"), "core.block0", attend)
        states.append(z)
    return torch.stack(states[1:])


def sdpa_over(own, past, bias):
    k, v = (torch.cat(both, 2) for both in zip(own, past, strict=True))
    mask = torch.cat([others.expand(len(bias), -1, -1), bias], 2)
    return lambda q: F.scaled_dot_product_attention(q, k, v, mask)


def softmax_over(own, past, bias):
    (own_k, own_v), (k, v) = own, past

    def attend(q):
        q = q * q.shape[-1] ** -0.5
        shares = torch.cat([(q * own_k).sum(-1, keepdim=True), q @ k.mT + bias], -1).softmax(-1)
        return shares[..., :1] * own_v + shares[..., 1:] @ v

    return attend


def weighed(nats, h):
    """The cost of a decision at each depth, by the weights of the depths."""
    if not args.released:
        return (nats[-1] + nats.mean(0)) / 2
    halt = FLOOR + (1 - 2 * FLOOR) * model.halt_logits(h[:-1], STEPS - 1).sigmoid()
    left = torch.cat([torch.ones_like(halt[:1]), (1 - halt).cumprod(0)])
    p = torch.cat([left[:-1] * halt, left[-1:]])
    q = (1 - FORCED) * p + FORCED / STEPS
    beyond = torch.arange(STEPS, dtype=p.dtype)[:, None, None]
    return (q * nats + PRICE * p * beyond).sum(0)


adam = torch.optim.Adam(model.parameters(), lr=2e-3, eps=1e-5, fused=True)
targets = following.expand(STEPS, -1, -1).flatten()


def step():
    adam.zero_grad()
    h, logits = model.logits(readouts())
    nats = F.cross_entropy(logits.flatten(0, 2), targets, reduction="none").view(h.shape[:-1])
    loss = weighed(nats, h).mean()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    adam.step()
    return loss.item(), norm.item()


serve_training(f"PyTorch {torch.__version__}", step)
