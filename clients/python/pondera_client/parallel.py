"""Parallel environments of PettingZoo: each of their agents is an environment of the session."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any, Callable, Iterable, Sequence

import numpy as np

from .agents import FirstAgents, shared_spaces
from .environments import describe
from .exchange import Exchange, Failures, log
from .outcomes import Began, Stepped, began_reply, stepped_reply
from .requests import Request
from .values import flag, number


class ParallelHost(Exchange):
    """The agents of parallel environments, an environment's after another's.

    An environment begins when all of its agents are asked to, and steps when all that live are; so each decision is answered once
    those of its peers are there. An agent that dies ends its episode; it is answered when the next one begins, with the first
    observation of that, and nothing is asked of it meanwhile. Where an agent is reset in the middle, all begin anew, and the
    episodes of the others are truncated where they are.

    Args:
        make: makes one environment.
        count: how many agents there are; those of one environment unless given.
        unbounded: as `Host`'s.
        name: of the environment.

    Raises:
        ValueError: for a count that is no multiple of an environment's agents.
        SpaceError: where agents have different spaces.
    """

    def __init__(self, make: Callable[[], Any], count: int | None = None, unbounded: bool = False, name: str | None = None):
        first = make()
        agents = list(first.possible_agents)
        count, self._size = count or len(agents), len(agents)
        description = describe(first, *shared_spaces(first, agents), unbounded)
        envs = [first, *(make() for _ in range(self._size, count, self._size))]
        starts = range(0, count, self._size)
        self._teams = [Team(make, env, range(count)[at : at + self._size]) for at, env in zip(starts, envs)]
        if count % self._size > 0:
            log.info("%d of the %d agents of an environment act at random: nobody asked for them", -count % self._size, self._size)
        super().__init__({**description, "id": name or description["id"]}, count)

    def begin(self) -> None:
        super().begin()
        for team in self._teams:
            team.forget()

    def perform(self, request: Request, rows: np.ndarray) -> Iterable[dict[str, Any]]:
        failures, touched = Failures(), {}
        if request.kind not in ("reset", "step"):
            failures.add(request.envs[rows], "REFUSED", f"agents of a parallel environment cannot {request.kind}")
        asked = self.read_actions(request, rows, failures) if request.kind == "step" else {}
        if request.kind == "reset":
            asked = {row: Reset(request.seeds[row], request.options) for row in rows.tolist()}
        for row, what in asked.items():
            env = int(request.envs[row])
            team = touched[env // self._size] = self._teams[env // self._size]
            if not team.ask(env, what):
                failures.add([env], "REFUSED", "step before reset")
        for team in touched.values():
            waiting = team.waiting
            try:
                yield from self._built(team.advance())
            except Exception as error:
                team.give_up()
                failures.threw(waiting, error)
        yield from failures.replies()

    def close(self) -> None:
        for team in self._teams:
            team.give_up()

    def _built(self, outcomes: list[Began | Stepped]) -> list[dict[str, Any]]:
        began = [outcome for outcome in outcomes if isinstance(outcome, Began)]
        stepped = [outcome for outcome in outcomes if isinstance(outcome, Stepped)]
        replies = [began_reply(self.replies, self._observation_space, began)] if began else []
        return replies + ([stepped_reply(self.replies, self._observation_space, stepped)] if stepped else [])


class Reset:
    """What an agent waits for that is asked to begin."""

    def __init__(self, seed: int | None, options: dict | None):
        self.seed, self.options = seed, options


class Team:
    """The agents of one environment, by their place in the session: what they wait for.

    Args:
        make: makes the environment again, where it has failed.
        env: the environment.
        places: of its agents; where it has more, those act at random.
    """

    def __init__(self, make: Callable[[], Any], env: Any, places: Sequence[int]):
        self._make = lambda: FirstAgents(make(), len(places))
        self._env: FirstAgents | None = FirstAgents(env, len(places))
        self._names = dict(zip(places, env.possible_agents))
        self._places = {name: place for place, name in self._names.items()}
        self.forget()

    def forget(self) -> None:
        """Nothing has begun, nobody waits."""
        # what those that live have seen last
        self._living: dict[int, tuple[Any, dict]] = {}
        self._asked: dict[int, Any] = {}
        # those that wait for an episode to begin: with the end of their last one, or None
        self._held: dict[int, Stepped | None] = {}

    def give_up(self) -> None:
        """Closes the environment; it is made again at the next reset."""
        broken, self._env = self._env, None
        self.forget()
        if broken is not None:
            with suppress(Exception):
                broken.close()

    @property
    def waiting(self) -> list[int]:
        """Those that have been asked and have not answered."""
        return sorted({*self._asked, *self._held})

    def ask(self, place: int, what: Any) -> bool:
        """Notes an action or a `Reset`; returns whether it can be."""
        if place not in self._living and not isinstance(what, Reset):
            return False
        self._asked[place] = what
        return True

    def advance(self) -> list[Began | Stepped]:
        """Goes on if all are waiting; what there is to answer."""
        if len(self.waiting) < len(self._names):
            return []
        asked, self._asked = self._asked, {}
        resets = {place: what for place, what in asked.items() if isinstance(what, Reset)}
        if not resets:
            return self._step(asked)
        for place in asked:
            cut = None if place in resets else Stepped(place, *self._truncated(place))
            self._held[place] = cut
        first = resets[min(resets)]
        return self._begin(seed=first.seed, options=first.options)

    def _truncated(self, place: int) -> tuple:
        obs, info = self._living[place]
        return obs, 0.0, False, True, info, None

    def _begin(self, **options: Any) -> list[Began | Stepped]:
        if self._env is None:
            self._env = self._make()
        self._living = {}
        return self._enter(*self._env.reset(**options))

    def _enter(self, obs: dict, infos: dict) -> list[Began | Stepped]:
        """Those that an episode begins for."""
        entered: list[Began | Stepped] = []
        for name in obs:
            place = self._places[name]
            began = Began(place, *self._note(place, obs[name], infos[name]))
            last = self._held.pop(place)
            entered.append(began if last is None else last._replace(next=began))
        return entered

    def _note(self, place: int, obs: Any, info: dict) -> tuple[Any, dict]:
        # an environment may write into its arrays again
        seen = self._living[place] = copy.deepcopy((obs, info))
        return seen

    def _step(self, actions: dict[int, Any]) -> list[Began | Stepped]:
        chosen = {self._names[place]: action for place, action in actions.items()}
        obs, rewards, terminations, truncations, infos = self._env.step(chosen)
        stepped: list[Began | Stepped] = []
        for place, name in [(place, self._names[place]) for place in actions]:
            seen = self._note(place, obs[name], infos[name])
            terminated, truncated = flag(terminations[name], "terminated"), flag(truncations[name], "truncated")
            reward = number(rewards[name], "reward")
            outcome = Stepped(place, seen[0], reward, terminated, truncated, seen[1], None)
            if terminated or truncated:
                del self._living[place]
                self._held[place] = outcome
            else:
                stepped.append(outcome)
        living = self._env.agents
        if not living:
            return stepped + self._begin()
        born = {name: obs[name] for name in living if name not in chosen}
        return stepped + self._enter(born, infos)
