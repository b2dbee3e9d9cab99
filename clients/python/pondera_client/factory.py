"""Environments by their name: Gymnasium's registry, wrappers, vector environments."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Callable, Sequence

from .exchange import Exchange
from .host import Host
from .vector import VectorHost


@dataclass
class Factory:
    """Makes the environments of a session.

    Attributes:
        id: a registered environment's.
        kwargs: what it is made with.
        wrappers: `module:callable` each, the innermost first.
        imports: modules that register environments.
        vector: None for single environments, or how Gymnasium makes one of many: `sync`, `async` or
            `vector_entry_point`.
        unbounded: states no bounds of what they observe as floats.
    """

    id: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    wrappers: Sequence[str] = ()
    imports: Sequence[str] = ()
    vector: str | None = None
    unbounded: bool = False

    def __call__(self, count: int) -> Exchange:
        for module in self.imports:
            importlib.import_module(module)
        if self.vector is None:
            return Host(self._single, count, self.unbounded)
        return VectorHost(self._vector, count, self.unbounded)

    def _single(self) -> Any:
        import gymnasium

        # the checker costs as much as a quick environment's step
        env = gymnasium.make(self.id, disable_env_checker=True, **self.kwargs)
        for wrap in self._wrappers():
            env = wrap(env)
        return env

    def _vector(self, count: int) -> Any:
        import gymnasium

        if self.vector == "vector_entry_point":
            return gymnasium.make_vec(self.id, count, self.vector, **self.kwargs)
        from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

        kind = AsyncVectorEnv if self.vector == "async" else SyncVectorEnv
        vector = kind([self._single] * count, autoreset_mode=AutoresetMode.DISABLED)
        vector.spec = vector.spec or gymnasium.spec(self.id)
        return vector

    def _wrappers(self) -> list[Callable[[Any], Any]]:
        found = []
        for name in self.wrappers:
            module, _, attribute = name.partition(":")
            found.append(getattr(importlib.import_module(module), attribute))
        return found
