"""Pondera's wire protocol for Python: environments for its trainers, and clients of its policies."""

from .dial import dial
from .errors import Misfit, SpaceError, WireError
from .exchange import Exchange
from .host import Host
from .options import Options
from .policy import Decision, Policy, Token
from .policy_session import PolicySession
from .serve import EnvServer
from .spaces import space_from_json, space_to_json
from .vector import VectorHost

__all__ = [
    "Decision",
    "EnvServer",
    "Exchange",
    "Host",
    "Misfit",
    "Options",
    "Policy",
    "PolicySession",
    "SpaceError",
    "Token",
    "VectorHost",
    "WireError",
    "dial",
    "space_from_json",
    "space_to_json",
]
