"""A text environment for examples/openenv.ts, served with OpenEnv's own Python package.

    pip install openenv-core==0.3.0
    python examples/openenv_server.py
"""

import random
import uuid
from typing import Any, Optional

import uvicorn
from openenv.core.env_server import Action, Environment, Observation, State, create_app


class Answer(Action):
    letter: str


class Question(Observation):
    text: str


class Spelling(Environment[Answer, Question, State]):
    """Which letter stands at the given place of a word? `2 cab` asks for `a`; pays 1 if right."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random()
        self._answer: Optional[str] = None
        self._state = State()

    def reset(
        self, seed: Optional[int] = None, episode_id: Optional[str] = None, **kwargs: Any
    ) -> Question:
        if seed is not None:
            self._random.seed(seed)
        word = self._random.sample("abc", 3)
        place = self._random.randrange(3)
        self._answer = word[place]
        self._state = State(episode_id=episode_id or str(uuid.uuid4()))
        return Question(text=f"{place + 1} {''.join(word)}")

    def step(self, action: Answer, timeout_s: Optional[float] = None, **kwargs: Any) -> Question:
        if self._answer is None:
            raise RuntimeError("step before reset")
        reward = 1.0 if action.letter == self._answer else 0.0
        self._answer = None
        self._state.step_count += 1
        return Question(text="", reward=reward, done=True)

    @property
    def state(self) -> State:
        return self._state


app = create_app(Spelling, Answer, Question, env_name="spelling", max_concurrent_envs=64)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=8000)
