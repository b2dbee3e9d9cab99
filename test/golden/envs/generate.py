"""Golden transitions of Gymnasium's classic control environments.

    pip install gymnasium==1.4.0 numpy==2.4.6
    python test/golden/envs/generate.py

writes <id>.json beside this file: single transitions from random and boundary states, each
[state, action, next state, observation, reward, terminated], and the time limit.
"""

import json
from math import pi
from pathlib import Path

import gymnasium
import numpy as np

rng = np.random.default_rng(0)
edge = 12 * 2 * pi / 360


def box(low, high, n):
    return rng.uniform(low, high, size=(n, len(low)))


def discrete(n):
    return lambda: int(rng.integers(n))


def torque():
    # Beyond ±2 too, where Gymnasium clips.
    return [round(rng.uniform(-3, 3), 3)]


CASES = {
    "CartPole-v1": (
        discrete(2),
        [
            box([-0.05] * 4, [0.05] * 4, 50),
            box([-2.4, -3, -edge, -3], [2.4, 3, edge, 3], 150),
            box([2.35, -3, -0.05, -1], [2.4, 3, 0.05, 1], 40),  # about to leave the track
            box([-2.4, -3, -0.05, -1], [-2.35, 3, 0.05, 1], 40),
            box([-1, -1, edge - 0.03, -2], [1, 1, edge, 2], 40),  # about to fall
            box([-1, -1, -edge, -2], [1, 1, -edge + 0.03, 2], 40),
        ],
    ),
    "Acrobot-v1": (
        discrete(3),
        [
            box([-0.1] * 4, [0.1] * 4, 50),
            box([-pi, -pi, -4 * pi, -9 * pi], [pi, pi, 4 * pi, 9 * pi], 200),
            box([3, 3, 1, 1], [pi, pi, 6, 6], 40),  # wraps
            box([-pi, -pi, -6, -6], [-3, -3, -1, -1], 40),
            box([2, -0.5, -4, -4], [4, 0.5, 4, 4], 60),  # near the line
        ],
    ),
    "MountainCar-v0": (
        discrete(3),
        [
            box([-0.6, 0], [-0.4, 0], 50),
            box([-1.2, -0.07], [0.5, 0.07], 150),
            box([-1.2, -0.07], [-1.14, 0], 50),  # hits the wall
            box([0.42, 0.02], [0.5, 0.07], 50),  # about to arrive
            box([0.5, -0.003], [0.51, 0.003], 50),  # there, but perhaps moving left
        ],
    ),
    "Pendulum-v1": (
        torque,
        [
            box([-pi, -1], [pi, 1], 100),
            box([-30, -8], [30, 8], 150),  # turned round several times
            box([-pi, 7.5], [pi, 8], 40),  # at the speed limit
            box([-pi, -8], [pi, -7.5], 40),
        ],
    ),
}


def plain(array, digits=17):
    return [float(f"{x:.{digits}g}") for x in array]


for name, (draw_action, groups) in CASES.items():
    made = gymnasium.make(name)
    env = made.unwrapped
    transitions = []
    for state in np.concatenate(groups):
        env.reset(seed=0)
        env.state = state.copy()
        action = draw_action()
        obs, reward, terminated, _, _ = env.step(
            np.array(action, dtype=np.float32) if isinstance(action, list) else action
        )
        transitions.append(
            [plain(state), action, plain(env.state), plain(obs, 9), float(reward), terminated]
        )
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in transitions)
    path = Path(__file__).with_name(f"{name}.json")
    path.write_text(
        f'{{"gymnasium":"{gymnasium.__version__}","numpy":"{np.__version__}",'
        f'"maxSteps":{made.spec.max_episode_steps},"transitions":[\n{rows}\n]}}\n'
    )
    print(path.name, len(transitions), "terminated", sum(row[5] for row in transitions))
