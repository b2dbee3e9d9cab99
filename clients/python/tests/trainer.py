"""A trainer for tests: says what it is told to, over a real socket."""

import asyncio

import numpy as np
from websockets.asyncio.client import connect

from pondera_client.connect import connect_options
from pondera_client.wire import MsgPack


class Trainer:
    def __init__(self, url, codec=MsgPack, token=None):
        self.url, self.codec, self.token = url, codec, token
        self.welcome = None

    async def open(self, num_envs=1, **more):
        self.ws = await connect(self.url, **connect_options(self.url, self.token, self.codec))
        await self.send({"t": "hello", "v": 1, "role": "trainer", "client": "test", "numEnvs": num_envs, **more})
        self.welcome = await self.receive()
        return self.welcome

    def resume(self):
        return {"session": self.welcome["session"], "token": self.welcome["token"]}

    async def send(self, message):
        await self.ws.send(self.codec.encode(message))

    async def receive(self):
        return self.codec.decode(await asyncio.wait_for(self.ws.recv(), 10))

    async def ask(self, t, envs, seq, **fields):
        await self.send(request(t, envs, seq, **fields))
        return await self.receive()

    async def closed(self):
        """The code the server closes with."""
        await asyncio.wait_for(self.ws.wait_closed(), 10)
        return self.ws.protocol.close_code


def request(t, envs, seq, **fields):
    seq = [seq] * len(envs) if isinstance(seq, int) else seq
    return {"t": t, "envs": np.array(envs, np.int32), "seq": np.array(seq, np.uint32), **fields}


def actions(*values):
    return np.array(values, np.int32)
