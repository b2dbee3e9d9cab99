import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from pondera_client.host import Host
from pondera_client.vector import VectorHost
from toys import Count, Moody, Stray, Telling
from trainer import actions, request

N = 3


def pole():
    return gym.make("CartPole-v1", max_episode_steps=12)


class Plain(gym.vector.VectorEnv):
    """A vector environment that knows neither masks nor lists of seeds, as one of a user's own may not."""

    def __init__(self, make, count, mode):
        self._sync = SyncVectorEnv([make] * count, autoreset_mode=mode)
        self.num_envs, self.metadata, self.spec = count, self._sync.metadata, None
        for name in ("single_observation_space", "single_action_space", "observation_space", "action_space"):
            setattr(self, name, getattr(self._sync, name))

    def reset(self, *, seed=None, options=None):
        assert not isinstance(seed, list) and "reset_mask" not in (options or {})
        return self._sync.reset(seed=seed)

    def step(self, action):
        return self._sync.step(action)


def plain(mode):
    return lambda make: lambda count: Plain(make, count, mode)


def own(kind, mode):
    return lambda make: lambda count: kind([make] * count, autoreset_mode=mode)


MODES = {f"sync {mode.name}": own(SyncVectorEnv, mode) for mode in AutoresetMode}
MODES.update({f"async {mode.name}": own(AsyncVectorEnv, mode) for mode in AutoresetMode})
MODES["plain NEXT_STEP"] = plain(AutoresetMode.NEXT_STEP)
MODES["plain SAME_STEP"] = plain(AutoresetMode.SAME_STEP)


def play(host, rounds):
    """Steps each environment `rounds` times as soon as it can be, and returns what each saw, in order."""
    seen = [[] for _ in range(N)]
    counts = [1] * N
    replies = host.handle(request("reset", range(N), 1, seeds=[4, 5, 6]), "a")
    while replies:
        ready = []
        for reply in replies:
            assert reply["t"] in ("began", "stepped"), reply
            firsts = {int(at): i for i, at in enumerate(reply.get("next", {}).get("at", []))}
            for row, env in enumerate(reply["envs"].tolist()):
                assert reply["seq"][row] == counts[env]
                rest = [reply[key][row] for key in ("reward", "terminated", "truncated") if key in reply]
                ended = reply["t"] == "stepped" and bool(rest[1] or rest[2])
                assert (row in firsts) == ended
                first = [reply["next"]["obs"][firsts[row]].tolist()] if ended else []
                seen[env].append((reply["obs"][row].tolist(), *map(float, rest), *first))
                ready.append(env)
        replies = []
        for env in ready:
            if counts[env] <= rounds:
                counts[env] += 1
                chosen = actions(counts[env] * (env + 1) // 2 % 2)
                replies += host.handle(request("step", [env], counts[env], actions=chosen), "a")
    host.close()
    return [rows[:rounds] for rows in seen]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_as_if_each_stepped_alone(mode):
    alone, together = play(Host(pole, N), 60), play(VectorHost(MODES[mode](pole), N), 60)
    # in NEXT_STEP the last ones may be held back for want of others that step
    shortest = min(map(len, together))
    assert shortest >= 50 and sum(len(row) == 5 for row in together[0]) >= 3
    assert [rows[:shortest] for rows in together] == [rows[:shortest] for rows in alone]


def counts(mode="sync DISABLED", make=Count, **kwargs):
    return VectorHost(MODES[mode](lambda: make(**kwargs)), 2)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.startswith("sync")])
def test_some_are_reset_while_others_wait(mode):
    host = counts(mode)
    (began,) = host.handle(request("reset", [1], 1, seeds=[20]), "a")
    assert began["envs"].tolist() == [1] and began["obs"].tolist() == [[20, 0]]
    (stepped,) = host.handle(request("step", [1], 2, actions=actions(1)), "a")
    assert stepped["envs"].tolist() == [1] and stepped["obs"].tolist() == [[20, 1]]
    (began,) = host.handle(request("reset", [0], 1, seeds=[10]), "a")
    assert began["obs"].tolist() == [[10, 0]]
    assert host.handle(request("step", [1], 3, actions=actions(1)), "a") == []
    (began,) = host.handle(request("reset", [0], 2), "a")
    assert began["obs"].tolist() == [[11, 0]]
    (stepped,) = host.handle(request("step", [0], 3, actions=actions(3)), "a")
    assert stepped["obs"].tolist() == [[11, 1], [20, 2]] and stepped["reward"].tolist() == [3, 1]


def test_what_cannot_be_reset_in_part_waits_for_all_and_refuses_later():
    host = counts("plain NEXT_STEP")
    assert host.handle(request("reset", [1], 1, seeds=[7]), "a") == []
    (began,) = host.handle(request("reset", [0], 1), "a")
    assert began["envs"].tolist() == [0, 1]
    assert host.handle(request("reset", [1], 2), "a") == []
    (failed,) = host.handle(request("step", [0], 2, actions=actions(1)), "a")
    assert failed["code"] == "REFUSED" and failed["envs"].tolist() == [1]
    (stepped,) = host.handle(request("step", [1], 3, actions=actions(1)), "a")
    assert stepped["envs"].tolist() == [0, 1]


def test_all_fail_together_and_are_made_again():
    host = counts(make=Moody)
    host.handle(request("reset", [0, 1], 1), "a")
    assert host.handle(request("step", [0], 2, actions=actions(1)), "a") == []
    (failed,) = host.handle(request("step", [1], 2, actions=actions(3)), "a")
    assert failed["code"] == "ENV_FAILED" and failed["envs"].tolist() == [0, 1]
    (failed,) = host.handle(request("step", [0], 3, actions=actions(1)), "a")
    assert failed["code"] == "ENV_FAILED"
    (began,) = host.handle(request("reset", [0, 1], [4, 3], seeds=[3, 4]), "a")
    assert began["obs"].tolist() == [[3, 0], [4, 0]]


@pytest.mark.parametrize("mode", ["sync DISABLED", "sync SAME_STEP", "plain NEXT_STEP"])
def test_to_leave_the_bounds_is_a_fault_unless_none_are_stated(mode):
    for unbounded, kind in ((False, "failed"), (True, "stepped")):
        host = VectorHost(MODES[mode](Stray), 1, unbounded)
        host.handle(request("reset", [0], 1), "a")
        host.handle(request("step", [0], 2, actions=actions(1)), "a")
        (reply,) = host.handle(request("step", [0], 3, actions=actions(1)), "a")
        assert reply["t"] == kind and ("--unbounded" in reply.get("message", "")) == (not unbounded)
        host.close()


def test_a_request_asked_again_elsewhere_is_answered_there_only():
    host = counts()
    host.handle(request("reset", [0, 1], 1), "a")
    assert host.handle(request("step", [0, 1][:1], 2, actions=actions(1)), "a") == []
    (stepped,) = host.handle(request("step", [1], 2, actions=actions(1)), "b")
    assert stepped["envs"].tolist() == [1]
    (stepped,) = host.handle(request("step", [0], 2, actions=actions(1)), "b")
    assert stepped["envs"].tolist() == [0] and stepped["obs"].tolist() == [[1, 1]]


@pytest.mark.parametrize("mode", ["sync DISABLED", "sync SAME_STEP", "plain NEXT_STEP", "plain SAME_STEP"])
def test_masks_and_infos(mode):
    host = counts(mode, make=Telling, length=2)
    host.handle(request("reset", [0, 1], 1), "a")
    (stepped,) = host.handle(request("step", [0, 1], 2, actions=actions(1, 1)), "a")
    assert stepped["actionMask"].tolist() == [[1, 0, 1]] * 2
    assert stepped["info"][1]["difficulty"] == 2 and stepped["info"][1]["success"] is False
    (stepped,) = host.handle(request("step", [0, 1], 3, actions=actions(1, 1)), "a")
    assert [info["success"] for info in stepped["info"]] == [True, True]
    assert [info["metrics"] for info in stepped["info"]] == [{"turns": 2.0}] * 2
    assert stepped["next"]["at"].tolist() == [0, 1] and "info" not in stepped["next"]


def test_a_vector_entry_point():
    host = VectorHost(lambda count: gym.make_vec("CartPole-v1", count, "vector_entry_point"), 4)
    assert host.description["id"] == "CartPole-v1"
    host.handle(request("reset", range(4), 1, seeds=[3, 4, 5, 6]), "a")
    seqs = [1] * 4
    ended = 0
    replies = [{"envs": np.arange(4)}]
    for _ in range(60):
        envs = np.concatenate([reply["envs"] for reply in replies])
        for env in envs:
            seqs[env] += 1
        message = request("step", envs, [seqs[env] for env in envs], actions=np.ones(len(envs), np.int32))
        replies = host.handle(message, "a")
        for reply in replies:
            assert reply["t"] == "stepped"
            ended += len(reply.get("next", {}).get("at", []))
    assert ended > 8
