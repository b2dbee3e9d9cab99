"""The reference policy in PyTorch: what src/policy makes of `full`, D 64, H 4, one block, 7 numbers."""

import math

import torch
import torch.nn.functional as F

HEADS = 4
EPS = 1e-6
FLOOR = 0.02


class Model(torch.nn.Module):
    """Weights by their names in a checkpoint, such as "core.keep"."""

    def __init__(self, arrays, prefixes):
        super().__init__()
        names = [name for name in arrays if name.startswith(prefixes)]
        self.weights = {name: torch.nn.Parameter(torch.tensor(arrays[name])) for name in names}
        for name, weight in self.weights.items():
            self.register_parameter(name.replace(".", "_"), weight)

    def norm(self, x, name):
        return F.rms_norm(x, x.shape[-1:], self.weights[name], EPS)


class Core(Model):
    def __init__(self, arrays):
        super().__init__(arrays, ("core.",))

    def begin(self, tokens):
        """z_0 and what is injected at every step, both [B, S, D], of tokens [B, S - 1, D]."""
        own = self.weights["core.initial"].expand(tokens.shape[0], -1, -1)
        z = torch.cat([own, self.norm(tokens, "core.tokens")], 1)
        return z, z @ self.weights["core.inject"]

    def step(self, z, injected):
        """The next state [B, S, D]."""
        return self._block(self._begin(z, injected), "core.block0", z.shape[1])

    def pruned_step(self, z, injected, on):
        """The next state of the first `on` [on, S, D], and all readouts [B, D]: of the others nothing else is made."""
        x = self._begin(z, injected)
        z = self._block(x[:on], "core.block0", x.shape[1])
        return z, torch.cat([z[:, 0], self._block(x[on:], "core.block0", 1)[:, 0]])

    def _begin(self, z, injected):
        return self.norm(z @ self.weights["core.keep"] + injected, "core.adapted")

    def _block(self, x, block, queries):
        """What the first `queries` tokens become [B, queries, D]."""
        normed = self.norm(x, f"{block}.attention.before")
        q = split_heads(normed[:, :queries] @ self.weights[f"{block}.attention.query"])
        k, v = (split_heads(normed @ self.weights[f"{block}.{name}"]) for name in ("key", "value"))
        read = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x[:, :queries] + self.norm(read @ self.weights[f"{block}.attention.out"], f"{block}.attention.after")
        normed = self.norm(x, f"{block}.forward.before")
        hidden = F.linear(normed, self.weights[f"{block}.forward.inner"].mT, self.weights[f"{block}.forward.bias"])
        return x + self.norm(F.relu(hidden) @ self.weights[f"{block}.forward.outer"], f"{block}.forward.after")


class Policy(Model):
    def __init__(self, arrays):
        super().__init__(arrays, ("encoder.", "heads."))
        self.core = Core(arrays)

    def begin(self, observations):
        """z_0 and what is injected, of observations [B, 7]."""
        return self.core.begin(F.embedding(observations, self.weights["encoder.table0"]) + self.weights["encoder.positions"])

    def heads(self, z, n):
        """Logits [B, A], value [B] and halting probability [B] after n steps."""
        h = self.norm(z[:, 0], "heads.readout")
        seen = torch.cat([h, h.new_tensor([math.log(n), 1 / n]).expand(h.shape[0], -1)], 1)
        logits = h @ self.weights["heads.action"] + self.weights["heads.actionBias"]
        value = seen @ self.weights["heads.value"] + self.weights["heads.valueBias"]
        halt = torch.sigmoid(seen @ self.weights["heads.halt"] + self.weights["heads.haltBias"])
        return logits, value[:, 0], FLOOR + (1 - 2 * FLOOR) * halt[:, 0]


def split_heads(x):
    """[..., N, D] -> [..., H, N, D / H]"""
    return x.unflatten(-1, (HEADS, -1)).transpose(-2, -3)
