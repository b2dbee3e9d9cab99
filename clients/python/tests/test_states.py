import json
import random
from collections import OrderedDict, defaultdict

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from pondera_client.host import Host
from pondera_client.states import from_text, to_text
from pondera_client.wire import Json, MsgPack
from trainer import actions, request


def same(a, b):
    """Equal, and of the same types throughout."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {"t": 3, "name": "ä\ud800", "over": True, "at": [0.1, -0.0, float("-inf"), 5e-324]},
        2**127 - 1,
        -(2**64),
        np.random.default_rng(7).bit_generator.state,
        np.random.Generator(np.random.MT19937(7)).bit_generator.state,
        random.Random(7).getstate(),
        np.arange(6.0).reshape(2, 3),
        np.array([2**63 - 1, -(2**63)]),
        np.array([2**64 - 1], np.uint64),
        np.array([float("nan"), -0.0], ">f8"),
        np.array([1 + 2j], np.complex64),
        np.zeros((2, 0), np.float16),
        np.array(["a", "bc"]),
        np.float32(0.1),
        np.int64(2**62),
        np.bool_(True),
        {(0, 1): "wall", 3: [b"\x00\xff", ()]},
        {"$": "tuple", "json": 1},
    ],
    ids=lambda state: repr(state)[:30],
)
def test_a_state_comes_back_as_it_was(state):
    text = to_text({"of": state})
    assert same(from_text(text)["of"], state)
    # as a trainer keeps it, whatever its numbers can hold
    assert same(from_text(json.loads(json.dumps(text)))["of"], state)


def test_an_array_can_be_written_to_again():
    board = from_text(to_text(np.zeros(2)))
    board[0] = 1
    assert board.tolist() == [1, 0]


class Deck:
    pass


def cyclic():
    cells = []
    cells.append({"next": cells})
    return cells


@pytest.mark.parametrize(
    "state, reason",
    [
        ({"best": float("nan")}, "state.best: expected a number, got NaN"),
        ({"seen": [{1, 2}]}, "state.seen[0]: expected plain data, an ndarray or a tuple, got set"),
        ({"deck": Deck()}, "state.deck: expected plain data, an ndarray or a tuple, got Deck"),
        ({3: {"x": defaultdict(list)}}, "state[3].x: expected plain data, an ndarray or a tuple, got defaultdict"),
        (OrderedDict(), "state: expected plain data, an ndarray or a tuple, got OrderedDict"),
        (np.array([None]), "state: expected plain data, an ndarray or a tuple, got an array of object"),
        (np.random.default_rng(1), "got Generator (its bit_generator.state can be saved)"),
        (cyclic(), "state[0].next: expected plain data, an ndarray or a tuple, got a cycle"),
        ([2**20_000], "state[0]: expected plain data, an ndarray or a tuple, got an integer of 20001 bits"),
    ],
)
def test_what_cannot_be_saved_exactly_is_refused_with_its_path(state, reason):
    with pytest.raises(TypeError) as caught:
        to_text(state)
    assert reason in str(caught.value)


class Drawn(gym.Env):
    """Draws what it shows from NumPy's stream and keeps it on a board; may save what it should not."""

    observation_space = Box(0, 1, (2,), np.float64)
    action_space = Discrete(2)
    bad = False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._board = np.zeros(2)
        return self._board.copy(), {}

    def step(self, action):
        self._board = np.roll(self._board, 1)
        self._board[0] = self.np_random.random()
        return self._board.copy(), 1.0, False, False, {}

    def snapshot(self):
        state = {"board": self._board, "rng": self.np_random.bit_generator.state}
        return {**state, "seen": {1}} if Drawn.bad else state

    def restore(self, state):
        self._board = state["board"]
        self.np_random.bit_generator.state = state["rng"]


@pytest.mark.parametrize("codec", [MsgPack, Json])
def test_an_environment_with_a_stream_and_a_board_goes_on_where_it_was(codec):
    host = Host(Drawn, 2)

    def ask(*arguments, **fields):
        (reply,) = host.handle(codec.decode(codec.encode(request(*arguments, **fields))), "a")
        return codec.decode(codec.encode(reply))

    ask("reset", [0, 1], 1, seeds=[4, 5])
    ask("step", [0], 2, actions=actions(0))
    states = ask("snapshot", [0], 3)["states"]
    expected = [ask("step", [0], seq, actions=actions(1))["obs"].tolist() for seq in (4, 5)]
    assert ask("restore", [1], 2, states=states)["t"] == "restored"
    assert [ask("step", [1], seq, actions=actions(1))["obs"].tolist() for seq in (3, 4)] == expected


def test_a_state_that_cannot_be_saved_is_the_environments_fault_and_said_with_its_path(monkeypatch):
    monkeypatch.setattr(Drawn, "bad", True)
    host = Host(Drawn, 1)
    host.handle(request("reset", [0], 1), "a")
    (failed,) = host.handle(request("snapshot", [0], 2), "a")
    assert failed["code"] == "ENV_FAILED"
    assert failed["message"] == "TypeError: state.seen: expected plain data, an ndarray or a tuple, got set"
    (began,) = host.handle(request("reset", [0], 3), "a")
    assert began["t"] == "began"
