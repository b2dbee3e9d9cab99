"""Training steps of the reference core in JAX: jit of a fixed unroll with masks, backward, Adam."""

import argparse
from functools import partial

import jax
import jax.numpy as jnp
import problem
from contender import serve_training

HEADS = 4
EPS = 1e-6
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="weights, tokens, target and steps as safetensors; random unless given")
args = parser.parse_args()

arrays = {name: jnp.asarray(array) for name, array in problem.load(args.data).items()}
tokens, target, steps = (arrays.pop(name) for name in ("tokens", "target", "steps"))
weights = {name: array for name, array in arrays.items() if name.startswith("core.")}
depth = int(steps.max())
count = float(steps.sum()) * target.shape[1]


def norm(x, gain):
    return x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + EPS) * gain


def split(x):
    return x.reshape(*x.shape[:2], HEADS, -1).swapaxes(1, 2)


def block(w, x):
    w = {name.removeprefix("core.block0."): weight for name, weight in w.items()}
    normed = norm(x, w["attention.before"])
    q, k, v = (split(normed @ w[name]) for name in ("attention.query", "key", "value"))
    read = jax.nn.softmax(q @ k.mT / q.shape[-1] ** 0.5) @ v
    x = x + norm(read.swapaxes(1, 2).reshape(x.shape) @ w["attention.out"], w["attention.after"])
    hidden = jax.nn.relu(norm(x, w["forward.before"]) @ w["forward.inner"] + w["forward.bias"])
    return x + norm(hidden @ w["forward.outer"], w["forward.after"])


def loss_of(w):
    """All depths run on all; who has halted keeps its state."""
    own = jnp.broadcast_to(w["core.initial"], (tokens.shape[0], 1, tokens.shape[2]))
    z = jnp.concatenate([own, norm(tokens, w["core.tokens"])], 1)
    injected = z @ w["core.inject"]
    error = 0
    for k in range(depth):
        mask = (steps > k)[:, None]
        z = jnp.where(mask[:, None], block(w, norm(z @ w["core.keep"] + injected, w["core.adapted"])), z)
        error += jnp.where(mask, jnp.square(z[:, 0] - target), 0).sum()
    return error / count


def adam(w, g, m, v, t):
    m = BETA1 * m + (1 - BETA1) * g
    v = BETA2 * v + (1 - BETA2) * jnp.square(g)
    w = w - RATE * (m / (1 - BETA1**t)) / (jnp.sqrt(v / (1 - BETA2**t)) + EPSILON)
    return w, m, v


@partial(jax.jit, donate_argnums=0)
def train(state):
    weights, m, v, t = state
    loss, gradients = jax.value_and_grad(loss_of)(weights)
    updated = {name: adam(w, gradients[name], m[name], v[name], t) for name, w in weights.items()}
    gradient_norm = jnp.sqrt(sum(jnp.square(g).sum() for g in gradients.values()))
    return (*({name: u[i] for name, u in updated.items()} for i in range(3)), t + 1), loss, gradient_norm


def zeros():
    return {name: jnp.zeros_like(weight) for name, weight in weights.items()}


state = (weights, zeros(), zeros(), 1.0)


def step():
    global state
    state, loss, gradient_norm = jax.block_until_ready(train(state))
    return loss.item(), gradient_norm.item()


serve_training(f"JAX {jax.__version__}", step)
