import socket
import threading
import time

import gymnasium as gym
import numpy as np
import pytest
from websockets.sync.server import serve

from pondera_client import Misfit, Policy, WireError, connect
from pondera_client.wire import MsgPack

POLICY = {
    "name": "toy",
    "version": 100,
    "observationSpace": {"type": "box", "shape": [2], "dtype": "float32", "low": None, "high": None},
    "actionSpace": {"type": "multi-discrete", "shape": [2], "nvec": [3, 2], "start": [1, 0]},
    "minSteps": 1,
    "maxSteps": 8,
}


@pytest.fixture
def server(monkeypatch):
    """A policy server on a thread; `behave` may answer an `act` in another way than by echoing."""
    monkeypatch.setattr(connect.random, "uniform", lambda low, high: min(high, 0.05))

    class Fake:
        behave = staticmethod(lambda ws, act: False)
        policy = POLICY
        acts = []
        hellos = []
        closes = []
        closed = None

    def attend(ws):
        fake.hellos.append(MsgPack.decode(ws.recv()))
        names = {"session": "s", "token": "t", "resumed": False, "limits": {}}
        ws.send(MsgPack.encode({"t": "welcome", "v": 1, **names, "policy": fake.policy}))
        for frame in ws:
            act = MsgPack.decode(frame)
            fake.acts.append(act)
            if act["t"] == "forget" or fake.behave(ws, act):
                continue
            k = len(act["obs"])
            acted = {"actions": act["obs"].astype(np.int32), "steps": np.full(k, 3), "cut": np.zeros(k, np.uint8)}
            if act.get("trace"):
                acted["thoughts"] = [{"halts": [1.0], "values": [0.0], "actions": [[1, 0]]}] * k
            # a late reply to something else is not this one's
            ws.send(MsgPack.encode({"t": "acted", "id": act["id"] + 100, **acted, "policyVersion": 0}))
            ws.send(MsgPack.encode({"t": "acted", "id": act["id"], **acted, "policyVersion": 120}))
        with fake.closed:
            fake.closes.append(ws.protocol.close_code)
            fake.closed.notify_all()

    fake = Fake()
    fake.acts, fake.hellos, fake.closes, fake.closed = [], [], [], threading.Condition()
    with serve(attend, "127.0.0.1", 0, subprotocols=[MsgPack.subprotocol], compression=None) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        fake.url = f"ws://127.0.0.1:{listening.socket.getsockname()[1]}"
        yield fake
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("timeout", [0.5, 1e9, float("inf")])
def test_waits_as_long_as_it_may(server, timeout):
    with Policy(server.url, timeout=timeout) as policy:
        assert policy.act(np.zeros(2, np.float32)) is not None


def test_acts(server):
    with Policy(server.url) as policy:
        assert server.hellos[0]["role"] == "policy-client" and server.hellos[0]["v"] == 1
        assert (policy.name, policy.policy_version, policy.min_steps, policy.max_steps) == ("toy", 100, 1, 8)
        assert policy.action_space == gym.spaces.MultiDiscrete([3, 2], start=[1, 0])
        action = policy.act([2, 1])
        assert action.tolist() == [2, 1] and policy.action_space.contains(action)
        assert policy.policy_version == 120
        assert set(server.acts[0]) == {"t", "id", "obs"} and server.acts[0]["obs"].dtype == np.float32
        batch = policy.act_batch(np.ones((3, 2)), [None, [1, 0, 1, 0, 1], (np.ones(3), np.zeros(2))], 4, 20)
        assert np.array(batch).tolist() == [[1, 1]] * 3
        act = server.acts[1]
        assert act["actionMask"].tolist() == [[1] * 5, [1, 0, 1, 0, 1], [1, 1, 1, 0, 0]]
        assert act["actionMask"].dtype == np.uint8 and (act["maxSteps"], act["deadlineMs"]) == (4, 20)
        decision = policy.decide([[1, 0]], trace=True)
        assert decision.ponder_steps.tolist() == [3] and decision.cut.tolist() == [False]
        assert decision.thoughts[0]["halts"] == [1.0]
        policy.act([2, 1], deterministic=False, seed=7)
        policy.act_batch([[2, 1]], deterministic=True)
        drawn, likely = server.acts[-2:]
        assert (drawn["deterministic"], drawn["seed"]) == (False, 7)
        assert likely["deterministic"] is True and "seed" not in likely
        with pytest.raises(Misfit):
            policy.act([1, 2, 3])


def test_what_was_not_answered_is_asked_again(server):
    def cut(ws, act):
        server.behave = lambda ws, act: False
        ws.socket.shutdown(socket.SHUT_RDWR)
        return True

    def going(ws, act):
        server.behave = lambda ws, act: False
        ws.send(MsgPack.encode({"t": "failed", "id": act["id"], "code": "SHUTTING_DOWN", "message": "no"}))
        return True

    with Policy(server.url) as policy:
        for behave in (cut, going):
            server.behave = behave
            assert policy.act([2, 1]).tolist() == [2, 1]
        assert len(server.hellos) == 3 and [act["id"] for act in server.acts] == [1, 1, 2, 2]


@pytest.mark.parametrize("code", ["REFUSED", "OVERLOADED"])
def test_failures_are_raised_and_the_connection_goes_on(server, code):
    def fail(ws, act):
        ws.send(MsgPack.encode({"t": "failed", "id": act["id"], "code": code, "message": "no"}))
        return True

    with Policy(server.url) as policy:
        server.behave = fail
        with pytest.raises(WireError, match="no") as caught:
            policy.act([2, 1])
        assert caught.value.code == code
        server.behave = lambda ws, act: False
        assert policy.act([2, 1]).tolist() == [2, 1] and len(server.hellos) == 1


def test_time_is_bounded(server):
    began = time.monotonic()
    with Policy(server.url, timeout=0.3) as policy:
        server.behave = lambda ws, act: True
        with pytest.raises(TimeoutError):
            policy.act([2, 1])
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(TimeoutError):
            Policy(f"ws://127.0.0.1:{unused.getsockname()[1]}", timeout=0.3)
    assert time.monotonic() - began < 5


def written(ws, message, *tokens, end=None, **others):
    for i, token in enumerate(tokens):
        last = {"end": end} if end and i == len(tokens) - 1 else {}
        body = {"token": token, "text": str(token), "logProb": -1.5, "ponderSteps": 2, "policyVersion": 120}
        ws.send(MsgPack.encode({"t": "generated", "id": message["id"], **body, **last, **others}))
    return True


def test_generates_over_a_connection_of_its_own(server):
    server.behave = lambda ws, message: message["t"] == "generate" and written(ws, message, 5, 6, end="stop", thought={"halts": [0.5]})
    with Policy(server.url) as policy:
        found = []
        for token in policy.generate(np.array([1, 2]), 9, temperature=0.5, top_p=0.9, stop=[3], seed=1, max_steps=4, trace=True):
            assert token.thought == {"halts": [0.5]}
            found.append((token.token, token.text, token.log_prob, token.ponder_steps, token.end))
            assert policy.act([2, 1]).tolist() == [2, 1]
        assert found == [(5, "5", -1.5, 2, None), (6, "6", -1.5, 2, "stop")]
        assert policy.policy_version == 120 and len(server.hellos) == 2
    asked = next(message for message in server.acts if message["t"] == "generate")
    assert {name: asked[name] for name in asked if name not in ("t", "id")} == {
        "prompt": [1, 2],
        "maxTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "stop": [3],
        "seed": 1,
        "maxSteps": 4,
        "trace": True,
    }


def test_to_leave_a_generation_ends_its_connection(server):
    def behave(ws, message):
        if message["t"] == "cancel":
            return written(ws, message, 100, end="cancel")
        return written(ws, message, *range(100))

    server.behave = behave
    with Policy(server.url) as policy:
        for token in policy.generate("x"):
            assert token.token == 0
            break
        with server.closed:
            assert server.closed.wait_for(lambda: server.closes == [1000], timeout=10)
    assert [(message["t"], message["id"]) for message in server.acts] == [("generate", 1), ("cancel", 1)]


def test_a_generation_that_broke_is_asked_again_before_its_first_token_alone(server):
    def cut(ws, message):
        server.behave = later
        ws.socket.shutdown(socket.SHUT_RDWR)
        return True

    def later(ws, message):
        written(ws, message, 1, 2)
        ws.close(1001, "SHUTTING_DOWN")
        return True

    def fail(ws, message):
        written(ws, message, 1)
        ws.send(MsgPack.encode({"t": "failed", "id": message["id"], "code": "INTERNAL", "message": "no"}))
        return True

    with Policy(server.url, timeout=0.5) as policy:
        server.behave = cut
        stream = policy.generate("x")
        assert [next(stream).token, next(stream).token] == [1, 2]
        with pytest.raises(ConnectionError, match="cut off after 2 tokens: .*SHUTTING_DOWN"):
            next(stream)
        server.behave = fail
        with pytest.raises(WireError, match="INTERNAL: cut off after 1 token: no"):
            list(policy.generate("x"))
        server.behave = lambda ws, message: written(ws, message, 1)
        with pytest.raises(TimeoutError, match="cut off after 1 token"):
            list(policy.generate("x"))


REMEMBERING = {**POLICY, "memory": {"length": 4}}


def test_a_session_says_which_decision_of_its_episode_it_asks_for(server):
    server.policy = REMEMBERING
    with Policy(server.url) as policy:
        assert policy.memory_length == 4
        session, other = policy.session(), policy.session()
        assert session.act([2, 1]).tolist() == [2, 1]
        session.act([2, 1], 0.5, deterministic=False, seed=3)
        assert session.decide([1, 0], reward=2, trace=True).thoughts is not None
        other.act([2, 1])
        session.reset()
        session.act([2, 1])
        with pytest.raises(ValueError, match="reward: expected a finite number, got nan"):
            session.act([2, 1], float("nan"))
        with pytest.raises(Misfit):
            session.act([1, 2, 3], 1)
        session.act([2, 1], 1)
        policy.act([2, 1])
        with session:
            pass
        session.act([2, 1])
    said = [(act["t"], act.get("memory", act.get("histories"))) for act in server.acts]
    place = lambda history, step, reward=0.0: ("act", {"history": [history], "step": [step], "reward": [reward]})
    episode = [place(0, 0), place(0, 1, 0.5), place(0, 2, 2.0), place(1, 0), place(0, 0), place(0, 1, 1.0)]
    assert said == [*episode, ("act", None), ("forget", [0]), place(0, 0)]
    assert (server.acts[1]["deterministic"], server.acts[1]["seed"]) == (False, 3)


def test_a_session_of_a_policy_without_memory_is_the_policy(server):
    with Policy(server.url) as policy:
        session = policy.session()
        assert policy.memory_length == 0 and session.act([2, 1], 3.0).tolist() == [2, 1]
        session.close()
    assert [set(act) for act in server.acts] == [{"t", "id", "obs"}]


def test_a_session_goes_on_after_its_connection_broke_or_was_given_up(server):
    server.policy = REMEMBERING

    def cut(ws, act):
        server.behave = lambda ws, act: False
        ws.socket.shutdown(socket.SHUT_RDWR)
        return True

    with Policy(server.url, timeout=0.5) as policy:
        session = policy.session()
        session.act([2, 1])
        server.behave = cut
        session.act([2, 1], 1)
        server.behave = lambda ws, act: True
        with pytest.raises(TimeoutError):
            session.act([2, 1], 2)
        server.behave = lambda ws, act: False
        session.act([2, 1], 2)
    policy.act([2, 1])
    policy.close()
    resumed = [hello.get("resume") for hello in server.hellos]
    ticket = {"session": "s", "token": "t"}
    assert resumed[:2] == [None, ticket] and resumed[-2:] == [ticket, None]
    steps = [(act["id"], act["memory"]["step"]) for act in server.acts if "memory" in act]
    assert steps[:3] == [(1, [0]), (2, [1]), (2, [1])] and steps[-1] == (4, [2])
    # Only who says goodbye ends a session.
    with server.closed:
        assert server.closed.wait_for(lambda: server.closes.count(1000) == 2, timeout=10)
