"""One player's view of a game of several, as a Gymnasium environment."""

from __future__ import annotations

import copy
from typing import Any, Callable, Optional

import gymnasium
import numpy as np

from .agents import shared_spaces, unmasked

# (observation, action mask or None where all is allowed, random numbers) -> action
Opponent = Callable[[Any, Optional[np.ndarray], np.random.Generator], Any]

# plays begun before one in which the seat has a decision, at most
MOST_PLAYS = 1000


class Seat(gymnasium.Env):
    """Shows a game when it is the player's turn; the others act meanwhile.

    The reward is what the player got since its action before. At the end `info["success"]` says whether the return is above 0. A
    play that ends before the player's first decision is followed by another one.

    Args:
        game: by the methods of PettingZoo's AEC: `reset`, `agent_selection`, `last`, `step`.
        seat: the player, by name or number, or `alternate`: each in turn, an episode each, from one that the seed draws.
        opponent: who plays all other seats; at random where there is none.

    Raises:
        ValueError: for a seat that there is not.
        SpaceError: where the players have different spaces.
    """

    def __init__(self, game: Any, seat: str = "alternate", opponent: Opponent | None = None):
        self._game, self._opponent = game, opponent
        players = list(game.possible_agents)
        self._seats = players if seat == "alternate" else [_player(players, seat)]
        self.observation_space, self.action_space = shared_spaces(game, players)
        self._choices = copy.deepcopy(self.action_space)
        self._episode: int | None = None

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[Any, dict]:
        super().reset(seed=seed)
        if seed is not None or self._episode is None:
            self._episode = int(self.np_random.integers(len(self._seats)))
        for _ in range(MOST_PLAYS):
            self._seat = self._seats[self._episode % len(self._seats)]
            self._episode += 1
            self._game.reset(seed=self._draw_seed(), options=options)
            self._choices.seed(self._draw_seed())
            obs, self._return, terminated, truncated, info = self._until_turn()
            if not (terminated or truncated):
                return obs, info
        raise RuntimeError(f"in {MOST_PLAYS} plays there was no decision for {self._seats}")

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict]:
        self._game.step(action)
        obs, reward, terminated, truncated, info = self._until_turn()
        self._return += reward
        if terminated or truncated:
            info = {**info, "success": self._return > 0}
        return obs, reward, terminated, truncated, info

    def close(self) -> None:
        self._game.close()

    def _until_turn(self) -> tuple[Any, float, bool, bool, dict]:
        """Others act until it is the player's turn, or its end; what it sees then."""
        while True:
            obs, reward, terminated, truncated, info = self._game.last()
            obs, info = unmasked(obs, info)
            if self._game.agent_selection == self._seat:
                return obs, reward, terminated, truncated, info
            over = terminated or truncated
            self._game.step(None if over else self._chosen(obs, info.get("action_mask")))

    def _chosen(self, obs: Any, mask: np.ndarray | None) -> Any:
        if self._opponent is not None:
            return self._opponent(obs, mask, self.np_random)
        return self._choices.sample(mask)

    def _draw_seed(self) -> int:
        return int(self.np_random.integers(2**31))


def _player(players: list[Any], seat: str) -> Any:
    for i, player in enumerate(players):
        if seat in (str(player), str(i)):
            return player
    raise ValueError(f"seat: expected alternate or one of {', '.join(map(str, players))}, got {seat}")
