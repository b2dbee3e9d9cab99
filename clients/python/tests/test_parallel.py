"""Parallel environments, whose agents are environments of a session."""

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from pondera_client.errors import SpaceError
from pondera_client.parallel import ParallelHost
from trainer import actions, request

pettingzoo = pytest.importorskip("pettingzoo")


class Lives(pettingzoo.ParallelEnv):
    """Agent i lives for `lives[i]` steps. Each observes (the seed or episode, its number, steps so far) and gets its action; 9 throws."""

    metadata = {"name": "lives"}
    lives = {"a": 1, "b": 3, "c": 3}
    made = []

    def __init__(self):
        self.possible_agents = list(self.lives)
        self.episode, self.closed = 0, False
        self.made.append(self)

    def observation_space(self, agent):
        return Box(-np.inf, np.inf, (3,), np.float64)

    def action_space(self, agent):
        return Discrete(10)

    def reset(self, seed=None, options=None):
        self.agents, self.at = list(self.possible_agents), 0
        self.episode = self.episode + 1 if seed is None else seed
        return self.seen(self.agents), {agent: {"action_mask": np.ones(10)} for agent in self.agents}

    def seen(self, agents):
        return {agent: np.array([self.episode, self.possible_agents.index(agent), self.at]) for agent in agents}

    def step(self, chosen):
        assert set(chosen) == set(self.agents)
        if 9 in chosen.values():
            raise RuntimeError("no")
        self.at += 1
        dead = {agent: self.at >= self.lives[agent] for agent in self.agents}
        cut = dict.fromkeys(self.agents, False)
        self.agents = [agent for agent in self.agents if not dead[agent]]
        return self.seen(chosen), {a: float(chosen[a]) for a in chosen}, dead, cut, {a: {"difficulty": 1} for a in chosen}

    def close(self):
        self.closed = True


class Born(Lives):
    """Agent c comes when agent a has gone."""

    def reset(self, seed=None, options=None):
        obs, infos = super().reset(seed)
        self.agents.remove("c")
        del obs["c"]
        return obs, infos

    def step(self, chosen):
        obs, *rest = super().step(chosen)
        if self.at == 1:
            self.agents.append("c")
            obs.update(self.seen(["c"]))
        return obs, *rest


class Sum(Lives):
    """The reward of each is the sum of what the others do, of which 9 and 0 are masked."""

    lives = {"a": 3, "b": 2, "c": 9}

    def reset(self, seed=None, options=None):
        obs, _ = super().reset(seed)
        return obs, self.masks(obs)

    def masks(self, agents):
        return {agent: {"action_mask": np.array([0] + [1] * 8 + [0], np.int8)} for agent in agents}

    def step(self, chosen):
        obs, _, dead, cut, _ = super().step(chosen)
        rewards = {agent: sum(chosen.values()) - chosen[agent] for agent in chosen}
        return obs, rewards, dead, cut, self.masks(chosen)


class Asker:
    """Asks, and keeps count of `seq`; the answers as (agent, observation, reward, ended, first observation) or (agent, observation)."""

    def __init__(self, host):
        self.host, self.seq = host, [0] * host.count

    def ask(self, kind, envs, **fields):
        for env in envs:
            self.seq[env] += 1
        replies = self.host.handle(request(kind, envs, [self.seq[env] for env in envs], **fields), "a")
        return [answer for reply in replies for answer in self.read(reply)]

    def read(self, reply):
        if reply["t"] == "failed":
            return [(env, reply["code"], reply["message"]) for env in reply["envs"].tolist()]
        firsts = {int(at): i for i, at in enumerate(reply.get("next", {}).get("at", []))}
        answers = []
        for row, env in enumerate(reply["envs"].tolist()):
            assert reply["seq"][row] == self.seq[env]
            answer = (env, reply["obs"][row].tolist())
            if reply["t"] == "stepped":
                ended = "terminated" if reply["terminated"][row] else "truncated" if reply["truncated"][row] else None
                begun = reply["next"]["obs"][firsts[row]].tolist() if row in firsts else None
                answer += (reply["reward"][row], ended, begun)
            answers.append(answer)
        return answers

    def reset(self, *envs, seeds=None):
        return self.ask("reset", envs, seeds=seeds)

    def step(self, chosen):
        return self.ask("step", list(chosen), actions=actions(*chosen.values()))


def test_an_agent_that_dies_waits_for_the_next_episode():
    asker = Asker(ParallelHost(Lives, 3))
    assert asker.host.description["actionSpace"] == {"type": "discrete", "n": 10, "start": 0}
    assert asker.reset(0, 1, seeds=[5, 6]) == []
    assert asker.reset(2, seeds=[7]) == [(0, [5, 0, 0]), (1, [5, 1, 0]), (2, [5, 2, 0])]
    # nobody goes on alone
    assert asker.step({2: 1}) == []
    assert asker.step({0: 2, 1: 3}) == [(2, [5, 2, 1], 1, None, None), (1, [5, 1, 1], 3, None, None)]
    # agent 0 has died, and is not asked for; nor is it answered
    assert asker.step({1: 1, 2: 1}) == [(1, [5, 1, 2], 1, None, None), (2, [5, 2, 2], 1, None, None)]
    assert asker.step({1: 1, 2: 2}) == [
        (0, [5, 0, 1], 2, "terminated", [6, 0, 0]),
        (1, [5, 1, 3], 1, "terminated", [6, 1, 0]),
        (2, [5, 2, 3], 2, "terminated", [6, 2, 0]),
    ]
    assert asker.step({0: 1, 1: 1, 2: 1}) == [(1, [6, 1, 1], 1, None, None), (2, [6, 2, 1], 1, None, None)]


def test_a_reset_in_the_middle_truncates_the_episodes_of_the_others():
    asker = Asker(ParallelHost(Lives, 3))
    asker.reset(0, 1, 2, seeds=[5, 6, 7])
    asker.step({0: 2, 1: 3, 2: 4})
    assert asker.reset(1, seeds=[20]) == []
    assert asker.step({2: 8}) == [
        (1, [20, 1, 0]),
        (0, [5, 0, 1], 2, "terminated", [20, 0, 0]),
        # its action was not taken
        (2, [5, 2, 1], 0, "truncated", [20, 2, 0]),
    ]


def test_agents_that_are_born_later_begin_then():
    asker = Asker(ParallelHost(Born, 3))
    assert asker.reset(0, 1, 2, seeds=[5, 6, 7]) == [(0, [5, 0, 0]), (1, [5, 1, 0])]
    assert asker.step({0: 1, 1: 2}) == [(2, [5, 2, 1]), (1, [5, 1, 1], 2, None, None)]
    assert asker.step({1: 1}) == []
    assert asker.step({2: 1}) == [(1, [5, 1, 2], 1, None, None), (2, [5, 2, 2], 1, None, None)]


def test_environments_of_a_session_do_not_wait_for_each_other():
    asker = Asker(ParallelHost(Lives, 6))
    assert asker.reset(3, 4, 5, seeds=[1, 2, 3]) == [(3, [1, 0, 0]), (4, [1, 1, 0]), (5, [1, 2, 0])]
    assert [env for env, *_ in asker.step({3: 1, 4: 1, 5: 1})] == [4, 5]
    assert asker.step({0: 1}) == [(0, "REFUSED", "step before reset")]
    assert len(asker.reset(0, 1, 2)) == 3


def test_one_that_throws_fails_for_all_its_agents_and_is_made_again():
    Lives.made.clear()
    asker = Asker(ParallelHost(Lives, 6))
    asker.reset(*range(6))
    asker.step({env: 1 for env in range(6)})
    assert asker.step({1: 9, 2: 1, 4: 1, 5: 1}) == [
        *[(env, [1, env - 3, 2], 1, None, None) for env in (4, 5)],
        *[(env, "ENV_FAILED", "RuntimeError: no") for env in (0, 1, 2)],
    ]
    assert [env.closed for env in Lives.made] == [True, False]
    assert asker.reset(0, 1, 2, seeds=[3, 4, 5]) == [(0, [3, 0, 0]), (1, [3, 1, 0]), (2, [3, 2, 0])]
    assert len(Lives.made) == 3
    asker.host.close()
    assert all(env.closed for env in Lives.made)


def test_a_new_session_begins_anew():
    host = ParallelHost(Lives)
    assert host.count == 3
    Asker(host).reset(0, 1, 2)
    host.begin()
    asker = Asker(host)
    assert asker.step({0: 1}) == [(0, "REFUSED", "step before reset")]
    assert asker.reset(1, 2) == [] and len(asker.reset(0)) == 3
    assert asker.ask("render", [0])[0][1] == "REFUSED"


def test_agents_that_nobody_asked_for_act_at_random():
    def rewards(seed):
        asker = Asker(ParallelHost(Sum, 4))
        # the second environment has agent a alone
        assert asker.reset(3, seeds=[seed]) == [(3, [seed, 0, 0])]
        seen = [asker.step({3: 0})[0] for _ in range(30)]
        # its episode ends with it, whoever else lives
        assert [kind for *_, kind, _ in seen] == [None, None, "terminated"] * 10
        return [reward for _, _, reward, _, _ in seen]

    first = rewards(1)
    # of agent b until step 2, and of agent c
    assert min(first) >= 0 and max(first) <= 16 and len(set(first)) > 8
    assert rewards(1) == first != rewards(2)


def test_spaces_are_shared():
    class Unequal(Lives):
        def action_space(self, agent):
            return Discrete(10 if agent == "a" else 11)

    with pytest.raises(SpaceError, match="^expected one action_space for all agents"):
        ParallelHost(Unequal, 3)


@pytest.mark.parametrize(
    "module, agents, steps",
    [("pettingzoo.classic.rps_v2", 2, 40), ("pettingzoo.butterfly.knights_archers_zombies_v11", 4, 40)],
)
def test_pettingzoos_own(module, agents, steps):
    made = pytest.importorskip(module)
    asker = Asker(ParallelHost(made.parallel_env, 2 * agents, name=module))
    assert asker.host.description["id"] == module
    assert len(asker.reset(*range(2 * agents), seeds=list(range(2 * agents)))) == 2 * agents
    rng = np.random.default_rng(0)
    ready, ended = list(range(2 * agents)), 0
    for _ in range(steps):
        answers = asker.step({env: int(rng.integers(3)) for env in ready})
        assert answers and all(len(answer) == 5 for answer in answers), answers
        ready = [env for env, *_ in answers]
        ended += sum(kind is not None for _, _, _, kind, _ in answers)
        assert all((kind is None) == (begun is None) for *_, kind, begun in answers)
    asker.host.close()
    # a play of rps_v2 has 15 rounds
    assert ended == (2 * agents * 2 if agents == 2 else 0)
