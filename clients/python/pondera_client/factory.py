"""Environments by their name: Gymnasium's registry, wrappers, vector environments, PettingZoo's modules and OpenSpiel's games."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Callable, Sequence

from .exchange import Exchange
from .host import Host
from .parallel import ParallelHost
from .vector import VectorHost

LIBRARIES = ("gymnasium", "pettingzoo", "open_spiel")


@dataclass
class Factory:
    """Makes the environments of a session.

    Attributes:
        id: a registered environment of Gymnasium, a module of PettingZoo's or like them, or the name of a game of OpenSpiel.
        kwargs: what it is made with.
        wrappers: `module:callable` each, the innermost first.
        imports: modules that register environments.
        vector: None for single environments, or how Gymnasium makes one of many: `sync`, `async` or
            `vector_entry_point`.
        unbounded: states no bounds of what they observe as floats.
        library: one of `LIBRARIES`.
        seat: of a game: the player whose view it is, or `alternate`. None: the agents of a parallel environment each, where PettingZoo's
            module has one.
        opponent: `module:callable`, who plays the other seats; at random unless given.

    Raises:
        ValueError: for what the library has not.
    """

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    wrappers: Sequence[str] = ()
    imports: Sequence[str] = ()
    vector: str | None = None
    unbounded: bool = False
    library: str = "gymnasium"
    seat: str | None = None
    opponent: str | None = None

    def __post_init__(self) -> None:
        if self.library == "gymnasium" and (self.seat is not None or self.opponent is not None):
            raise ValueError("seat and opponent: expected none, since an environment of Gymnasium has one player")
        if self.library != "gymnasium" and self.vector is not None:
            raise ValueError(f"vector: expected none, since {self.library} has no VectorEnv")

    def __call__(self, count: int | None = None) -> Exchange:
        """`count` environments; unless given one, or the agents of one parallel environment."""
        for module in self.imports:
            importlib.import_module(module)
        if self.vector is not None:
            return VectorHost(self._vector, count or 1, self.unbounded)
        if self.library == "pettingzoo" and self.seat is None and self.opponent is None:
            module = importlib.import_module(self.id)
            if hasattr(module, "parallel_env"):
                make = lambda: self._wrapped(module.parallel_env(**self.kwargs))  # noqa: E731
                return ParallelHost(make, count, self.unbounded, self._name)
        return Host(self._single, count or 1, self.unbounded, self._name)

    @property
    def _name(self) -> str | None:
        """What says more than the class of the environment."""
        return None if self.library == "gymnasium" else self.id

    def _single(self) -> Any:
        if self.library != "gymnasium":
            return self._seat()
        import gymnasium

        # the checker costs as much as a quick environment's step
        return self._wrapped(gymnasium.make(self.id, disable_env_checker=True, **self.kwargs))

    def _seat(self) -> Any:
        from .open_spiel import OpenSpielGame
        from .seat import Seat

        if self.library == "open_spiel":
            game = self._wrapped(OpenSpielGame(self.id, self.kwargs))
        else:
            game = self._wrapped(importlib.import_module(self.id).env(**self.kwargs))
        return Seat(game, self.seat or "alternate", None if self.opponent is None else _named(self.opponent))

    def _vector(self, count: int) -> Any:
        import gymnasium

        if self.vector == "vector_entry_point":
            return gymnasium.make_vec(self.id, count, self.vector, **self.kwargs)
        from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

        kind = AsyncVectorEnv if self.vector == "async" else SyncVectorEnv
        vector = kind([self._single] * count, autoreset_mode=AutoresetMode.DISABLED)
        vector.spec = vector.spec or gymnasium.spec(self.id)
        return vector

    def _wrapped(self, env: Any) -> Any:
        for name in self.wrappers:
            env = _named(name)(env)
        return env


def _named(name: str) -> Callable[..., Any]:
    """What a module has under a name, `module:callable`."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
