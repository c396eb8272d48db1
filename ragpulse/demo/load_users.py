"""What the demo's users do with each service: one activity is one visit.

Errors of an activity: httpx.HTTPError (a status of 400 and more included); LookupError, TypeError and ValueError for
an answer that is not as expected.
"""

import random
from collections import deque
from collections.abc import Awaitable, Callable

import httpx

Activity = Callable[[], Awaitable[None]]

_DIMENSION = 384
_COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
# The notes that anybody ever stores here: a fixed set, so that the database stays small however long the demo runs.
_NOTES = 300
_KEPT_NOTES = 60
_TOPICS = ("backups", "storage", "networks", "tokens", "caches", "queues", "alerts", "budgets", "drivers", "batches")
_QUESTION = ("what", "do", "we", "know", "of", "the", "queue", "before", "a", "token", "and", "how", "long", "is", "it")
_END = b"data: [DONE]\n\n"


def ask_vllm(client: httpx.AsyncClient, model: str) -> Activity:
    """A streamed completion of a random question, read to its end."""

    async def ask() -> None:
        words = random.choices(_QUESTION, k=random.randint(20, 60))  # noqa: S311 - traffic, no secret
        body = {
            "model": model,
            "prompt": " ".join(words),
            "max_tokens": random.randint(16, 24),  # noqa: S311 - traffic
            "stream": True,
        }
        end = b""
        async with client.stream("POST", "/v1/completions", json=body) as response:
            response.raise_for_status()
            async for chunk in response.aiter_raw():
                end = (end + chunk)[-len(_END) :]
        if end != _END:
            raise ValueError("a stream ended without [DONE]")

    return ask


def ask_chroma(client: httpx.AsyncClient, collection: str) -> Activity:
    """The three nearest neighbours of a random unit vector."""

    async def ask() -> None:
        found = await client.get(f"{_COLLECTIONS}/{collection}")
        found.raise_for_status()
        body = {"query_embeddings": [_unit_vector()], "n_results": 3, "include": ["distances"]}
        answer = await client.post(f"{_COLLECTIONS}/{found.json()['id']}/query", json=body)
        answer.raise_for_status()

    return ask


def use_memory(client: httpx.AsyncClient) -> Activity:
    """Store a note, search, and forget the oldest when there are many."""
    kept: deque[str] = deque()

    async def use() -> None:
        number = random.randrange(_NOTES)  # noqa: S311 - traffic
        topic = _TOPICS[number % len(_TOPICS)]
        note = {"content": f"Note {number}: what was decided about {topic}.", "tags": [topic]}
        answer = await client.post("/memories", json=note)
        answer.raise_for_status()
        if answer.json()["success"]:
            kept.append(answer.json()["id"])
        search = await client.post("/search", json={"query": f"what about {topic}?", "limit": 3})
        search.raise_for_status()
        if len(kept) > _KEPT_NOTES:
            (await client.delete(f"/memories/{kept.popleft()}")).raise_for_status()

    return use


def _unit_vector() -> list[float]:
    vector = [random.gauss() for _ in range(_DIMENSION)]
    length = sum(x * x for x in vector) ** 0.5
    return [x / length for x in vector]
