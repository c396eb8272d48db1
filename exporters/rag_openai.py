"""The stages of a RAG path that a model answers: the vector of the question, and the answer itself.

Source: an API like OpenAI's: POST /v1/embeddings, and POST /v1/chat/completions as a stream, from a vLLM or from
whatever stands before it. What was retrieved is shown to the chat, up to a limit. Errors: Failure.
"""

from __future__ import annotations

import math
from typing import Any

from exporters.chroma_collection import MAX_DIMENSION
from exporters.http_client import HttpClient, WrongAnswer
from exporters.rag_walk import Walk
from exporters.vllm_served_model import ServedModel
from exporters.vllm_streamed import streamed

MOST_CHARACTERS = 2000  # of all documents together, some 500 tokens


class Embeddings:
    def __init__(self, client: HttpClient, model: str | None) -> None:
        self.client = client
        self._model = ServedModel(client, model)

    def ask(self, walk: Walk) -> None:
        with self._model.forgotten_when_refused():
            asked = {"model": self._model.name(), "input": walk.question, "encoding_format": "float"}
            answer = self.client.request("POST", "/v1/embeddings", json_body=asked).expect()
        walk.vector = _vector(answer.mapping().get("data"))


class Chat:
    def __init__(self, client: HttpClient, model: str | None, max_tokens: int) -> None:
        self.client = client
        self._model = ServedModel(client, model)
        self._max_tokens = max_tokens

    def ask(self, walk: Walk) -> None:
        with self._model.forgotten_when_refused():
            question = {
                "model": self._model.name(),
                "messages": [{"role": "user", "content": prompt(walk.question, walk.documents)}],
            }
            completion, answer = streamed(self.client, "/v1/chat/completions", question, self._max_tokens)
            walk.tokens += completion.tokens
            if completion.ttft is not None:
                walk.first_token = walk.elapsed() - answer.seconds + completion.ttft
            if completion.model is not None and not self._model.goes_by(completion.model):
                raise WrongAnswer("wrong_model", "another model answered")


def prompt(question: str, documents: tuple[str, ...]) -> str:
    if not documents:
        return question
    known = "\n".join(f"- {document}" for document in documents)[:MOST_CHARACTERS]
    return f"Answer from what is known here.\n\n{known}\n\n{question}"


def _vector(data: Any) -> list[float]:
    """Whatever else is there is no vector: `empty` for one without numbers, else `invalid`."""
    entry = data[0] if isinstance(data, list) and data else None
    numbers = entry.get("embedding") if isinstance(entry, dict) else None
    if not isinstance(numbers, list) or len(numbers) > MAX_DIMENSION or not all(map(_is_number, numbers)):
        raise WrongAnswer("invalid", "the answer holds no vector")
    if not numbers:
        raise WrongAnswer("empty", "the vector has no numbers")
    return numbers


def _is_number(found: Any) -> bool:
    return (type(found) is float and math.isfinite(found)) or (type(found) is int and abs(found) < 2**53)
