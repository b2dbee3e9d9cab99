"""A text environment for examples/openenv-text.ts, served with OpenEnv's own Python package.

    pip install openenv-core==0.3.0
    python examples/openenv_text_server.py
"""

import random
import uuid
from typing import Any, Optional

import uvicorn
from openenv.core.env_server import Action, Environment, Observation, State, create_app

LETTERS = "abc"
STOP = "."


class Token(Action):
    token: str


class Text(Observation):
    """What there is to read, the tokens that may come next, and the one that is right."""

    text: str
    allowed: str = ""
    expected: str = ""
    right: Optional[bool] = None


class Backwards(Environment[Token, Text, State]):
    """Write a word backwards: `cab.` asks for `bac.`, a token a step. Each right one pays its share of 1.

    An answer has at least one letter, and `.` ends it.
    """

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random()
        self._answer, self._written = "", ""
        self._right = True
        self._state = State()

    def reset(self, seed: Optional[int] = None, episode_id: Optional[str] = None, **kwargs: Any) -> Text:
        if seed is not None:
            self._random.seed(seed)
        word = "".join(self._random.choices(LETTERS, k=self._random.randint(1, 4)))
        self._answer, self._written, self._right = word[::-1] + STOP, "", True
        self._state = State(episode_id=episode_id or str(uuid.uuid4()))
        return Text(text=word + STOP, allowed=LETTERS, expected=self._answer[0])

    def step(self, action: Token, timeout_s: Optional[float] = None, **kwargs: Any) -> Text:
        if len(self._written) >= len(self._answer):
            raise RuntimeError("step before reset")
        if action.token not in (LETTERS if self._written == "" else LETTERS + STOP):
            raise ValueError(f"token: expected one that is allowed, got {action.token!r}")
        right = action.token == self._answer[len(self._written)]
        self._right &= right
        self._written += action.token
        self._state.step_count += 1
        reward = 1 / len(self._answer) if right else 0.0
        if action.token == STOP or len(self._written) == len(self._answer):
            self._written = self._answer
            return Text(text=action.token, right=self._right, reward=reward, done=True)
        expected = self._answer[len(self._written)]
        return Text(text=action.token, allowed=LETTERS + STOP, expected=expected, reward=reward)

    @property
    def state(self) -> State:
        return self._state


app = create_app(Backwards, Token, Text, env_name="backwards", max_concurrent_envs=64)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=8001)
