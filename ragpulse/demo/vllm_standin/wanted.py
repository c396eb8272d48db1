"""What a client asks for, read from a request body and refused as vLLM 0.32.0 refuses it.

Errors: Refused, which carries status and JSON. Sampling parameters are accepted and have no effect: there is no model.
"""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ragpulse.demo.vllm_standin import shapes
from ragpulse.demo.vllm_standin.text import CHARACTERS_PER_TOKEN, count_tokens

Request = TypeVar("Request", bound="_Wanted")


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, status: int, kind: str, parameter: str | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.json = shapes.error(message, kind, parameter, status)


class StreamOptions(BaseModel):
    include_usage: bool = False


class _Wanted(BaseModel):
    model: str
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    n: Literal[1] = 1
    ignore_eos: bool = False


class Completion(_Wanted):
    prompt: str
    max_tokens: Annotated[int, Field(ge=1)] = 16

    def text(self) -> str:
        return self.prompt

    def limit(self, room: int) -> int:  # noqa: ARG002 - a completion's limit does not depend on the room
        return self.max_tokens


class Message(BaseModel):
    role: str
    content: str


class Chat(_Wanted):
    messages: Annotated[list[Message], Field(min_length=1)]
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None

    def text(self) -> str:
        return "\n".join(f"{message.role}: {message.content}" for message in self.messages)

    def limit(self, room: int) -> int:
        """Without a limit of its own a chat may fill the context."""
        return self.max_completion_tokens or self.max_tokens or max(1, room)


def parse(body: bytes, kind: type[Request]) -> Request:
    try:
        content = json.loads(body)
    except json.JSONDecodeError as error:
        details = {"loc": f"body.{error.pos}", "msg": "JSON decode error", "input": "<dict of 0 items>"}
        raise _invalid({"type": "json_invalid", **details, "ctx": {"error": error.msg}}) from None
    except (UnicodeDecodeError, RecursionError):
        raise _invalid({"type": "json_invalid", "loc": "body", "msg": "JSON decode error"}) from None
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(("body", *map(str, first["loc"])))
        raise _invalid({"type": first["type"], "loc": where, "msg": first["msg"]}) from None


def max_tokens(request: Completion | Chat, model: str, max_model_len: int) -> int:
    """How many tokens may be generated, once model and length are found good."""
    if request.model != model:
        text = f"The model `{request.model}` does not exist. Valid aliases: {model}."
        raise Refused(404, "NotFoundError", "model", text)
    text = request.text()
    beginning = f"This model's maximum context length is {max_model_len} tokens. However, "
    end = "Please reduce the length of the input prompt."
    most_characters = max_model_len * CHARACTERS_PER_TOKEN
    if len(text) > most_characters:
        raise Refused(
            400, "BadRequestError", "input_text",
            f"{beginning}your prompt contains {len(text)} characters (more than {most_characters} characters, which is"
            f" the upper bound for {max_model_len} input tokens). {end} (parameter=input_text, value={len(text)})",
        )  # fmt: skip
    prompt_tokens = count_tokens(text)
    limit = request.limit(max_model_len - prompt_tokens)
    if prompt_tokens + limit > max_model_len:
        raise Refused(
            400, "BadRequestError", "input_tokens",
            f"{beginning}you requested {limit} output tokens and your prompt contains {prompt_tokens} input tokens."
            f" {end} (parameter=input_tokens, value={prompt_tokens})",
        )  # fmt: skip
    return limit


def _invalid(details: dict[str, Any]) -> Refused:
    return Refused(400, "Bad Request", details["loc"], f"1 validation error:\n  {details}")
