"""An OpenEnv server whose environment does whatever it is asked to; it prints its port."""

import os
import socket
import sys
from typing import Any, Optional

import uvicorn
from openenv.core.env_server import Action, Environment, Observation, State, create_app


class Wish(Action):
    wish: str


class Sight(Observation):
    x: Any = 0.0
    seed: Optional[int] = None


class Odd(Environment[Wish, Sight, State]):
    def reset(self, seed: Optional[int] = None, **kwargs: Any) -> Sight:
        return Sight(seed=seed)

    def step(self, action: Wish, **kwargs: Any) -> Sight:
        numbers = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
        if action.wish in numbers:
            return Sight(x=[numbers[action.wish]], reward=1)
        if action.wish == "raise":
            raise ValueError("as wished")
        if action.wish == "exit":
            os._exit(3)
        return Sight(reward={"true": True, "none": None, "half": 0.5}[action.wish], done=True)

    @property
    def state(self) -> State:
        return State()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0))
print(listener.getsockname()[1], flush=True)
app = create_app(Odd, Wish, Sight)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
