"""The reference language model in PyTorch: what src/policy makes of characters and a memory, D 64, H 4, a block before the loop."""

import torch
import torch.nn.functional as F
from torch_model import Model, split_heads

WINDOW, WAVES, FASTEST = 64, 8, 1.5


class TextModel(Model):
    """@param longest characters of a text"""

    def __init__(self, arrays, longest):
        super().__init__(arrays, ("encoder.", "memory.", "core.", "heads."))
        ages = torch.arange(longest)[:, None]
        waves = ages * FASTEST * (1 / (FASTEST * WINDOW)) ** (torch.arange(WAVES) / (WAVES - 1))
        # 1 where a text begins, and the age of each character as waves.
        self.beside = torch.cat([(ages == 0).float(), torch.stack([waves.sin(), waves.cos()], 2).flatten(1)], 1)

    def embed(self, characters, beside):
        """What is seen of characters, and their entries before the prelude."""
        w = self.weights
        seen = F.embedding(characters, w["encoder.table0"]) + w["encoder.positions"][0]
        summary = self.norm(seen, "memory.summary.tokens") @ w["memory.summary.weight"]
        return seen, summary + F.linear(beside, w["memory.beside"].mT, w["memory.besideBias"])

    def block(self, x, block, attend):
        """A transformer block; `attend` reads by queries [..., H, N, D / H]."""
        w = self.weights
        q = split_heads(self.norm(x, f"{block}.attention.before") @ w[f"{block}.attention.query"])
        read = attend(q).transpose(-2, -3).flatten(-2)
        x = x + self.norm(read @ w[f"{block}.attention.out"], f"{block}.attention.after")
        normed = self.norm(x, f"{block}.forward.before")
        hidden = F.linear(normed, w[f"{block}.forward.inner"].mT, w[f"{block}.forward.bias"])
        return x + self.norm(F.relu(hidden) @ w[f"{block}.forward.outer"], f"{block}.forward.after")

    def logits(self, z):
        """Readouts as the heads see them, and logits of the next character."""
        h = self.norm(z, "heads.readout")
        return h, F.linear(h, self.weights["heads.action"].mT, self.weights["heads.actionBias"])

    def halt_logits(self, h, steps):
        """Halting logits after 1 to `steps` ponder steps, of readouts [steps, ...]."""
        n = torch.arange(1, steps + 1, dtype=h.dtype)
        features = torch.stack([n.log(), 1 / n], 1)[:, None, None].expand(*h.shape[:-1], 2)
        seen = torch.cat([h, features], -1)
        return (seen @ self.weights["heads.halt"])[..., 0] + self.weights["heads.haltBias"]
