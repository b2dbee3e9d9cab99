"""Tokens of the reference language model in PyTorch, the most likely ones, with keys and values of all entries kept."""

import argparse

import problem
import torch
import torch.nn.functional as F
from contender import ROUND, milliseconds, serve
from torch_text_model import WINDOW, TextModel

TOKENS, CHECKED = 128, (1, 4)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="weights and first characters as safetensors")
parser.add_argument("--batch", type=int, required=True, help="generations side by side")
parser.add_argument("--threads", type=int, default=1)
args = parser.parse_args()

torch.set_num_threads(args.threads)
arrays = problem.load(args.data)
prompts = torch.tensor(arrays["prompts"])[: args.batch].long()
model = TextModel(arrays, TOKENS)
w = model.weights


class Entries:
    """Keys and values [B, H, TOKENS + 1, D / H]. After the latest entry there is room for a token that is no entry."""

    def __init__(self, block):
        self.bias = F.pad(w[f"{block}.distance"], (0, 1))[:, None]
        self.projection = torch.cat([w[f"{block}.key"], w[f"{block}.value"]], 1)
        self.kept = torch.empty(2, args.batch, 4, TOKENS + 1, 16)

    def put(self, at, x, projection):
        self.kept[:, :, :, at] = (x @ projection).view(args.batch, 2, 4, 16).transpose(0, 1)

    def attend(self, at, also):
        """To the window up to an entry, and to the token after it where there is one."""
        begin = max(0, at + 1 - WINDOW)
        k, v = self.kept[:, :, :, begin : at + 1 + also]
        bias = self.bias[:, :, begin - at - 2 : None if also else -1]
        return lambda q: F.scaled_dot_product_attention(q, k, v, bias)


@torch.inference_mode()
def generate(steps):
    """Tokens and their log-probabilities [TOKENS, B]."""
    prelude, core = Entries("memory.block0"), Entries("core.memory.block0")
    own = torch.cat([w["core.block0.key"], w["core.block0.value"]], 1)
    token = prompts
    tokens, log_probs = [], []
    for at in range(TOKENS):
        seen, x = model.embed(token[:, None], model.beside[at])
        prelude.put(at, model.norm(x, "memory.block0.keys"), prelude.projection)
        x = model.block(model.norm(x, "memory.block0.state"), "memory.block0", prelude.attend(at, False))
        entry = model.norm(x, "memory.entries")
        core.put(at, entry, core.projection)
        core.put(at + 1, model.norm(seen, "core.tokens"), own)
        attend = core.attend(at, True)
        z = w["core.initial"] + entry @ w["core.memory.entry"]
        for _ in range(1 + steps):
            z = model.block(model.norm(z, "core.state"), "core.block0", attend)
        _, logits = model.logits(z[:, 0])
        log_prob, token = logits.log_softmax(1).max(1)
        tokens.append(token)
        log_probs.append(log_prob)
    return torch.stack(tokens), torch.stack(log_probs)


def checked(part):
    return [x for steps in CHECKED for x in generate(steps)[part].T.flatten().tolist()]


def round():
    found = {str(steps): [] for steps in CHECKED}
    for steps in CHECKED:
        while sum(found[str(steps)]) < ROUND:
            found[str(steps)].append(milliseconds(lambda: generate(steps)))
    return {"ms": [], **found}


check = {"tokens": checked(0), "logProbs": checked(1)}
serve(f"PyTorch {torch.__version__}", check, round)
