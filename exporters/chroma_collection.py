"""A collection of Chroma by its name: where it is queried, and how many numbers a vector has there.

Errors: Failure; `invalid` for a collection that is not there or holds nothing to ask for.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporters import chroma_api
from exporters.http_client import HttpClient, WrongAnswer

if TYPE_CHECKING:
    from ragpulse.services import Chroma

MAX_DIMENSION = 65_536
_SEED = 20_011  # any: the vector must only be the same each time


@dataclass(frozen=True, slots=True)
class Collection:
    """path: to which a query is posted. dimension: numbers of a vector."""

    path: str
    dimension: int


def look_up(client: HttpClient, chroma: Chroma, name: str, timeout: float | None = None) -> Collection:
    answer = client.request("GET", chroma_api.collection(chroma, name), timeout=timeout)
    if answer.status in chroma_api.NO_SUCH:
        raise WrongAnswer("invalid", f"there is no collection {name}")
    found = answer.expect().mapping()
    identity, dimension = found.get("id"), found.get("dimension")
    if not chroma_api.is_id(identity) or type(dimension) is not int or not 0 < dimension <= MAX_DIMENSION:
        raise WrongAnswer("invalid", f"collection {name} holds no vectors to ask for")
    return Collection(f"{chroma_api.collection(chroma, identity)}/query", dimension)


def unit_vector(dimension: int) -> list[float]:
    numbers = random.Random(_SEED)  # noqa: S311 - not a secret
    direction = [numbers.gauss(0.0, 1.0) for _ in range(dimension)]
    length = math.hypot(*direction)
    return [part / length for part in direction]
