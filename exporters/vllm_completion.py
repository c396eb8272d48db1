"""One streamed completion as its client sees it: when the first token came, how far apart the others, how it ended.

Source: the answer to POST /v1/completions, or /v1/chat/completions, with `"stream": true`, fed piece by piece with
seconds since the request. HTTP 200 says nothing here: an engine that dies in the middle ends its stream with an error
event and [DONE]. An event may hold several tokens; the usage at the end says how many there were. Errors: WrongAnswer,
its reason one of `CANARY_REASONS` or `invalid`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from exporters.http_answer import WrongAnswer
from exporters.sse import EventReader

_DONE = "[DONE]"
_SPOKEN = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls")  # of a chat; a model may think aloud
_FAILED = {"error": "stream_error", "abort": "stream_broken"}  # finish reasons that are no end


@dataclass(slots=True)
class Completion:
    """has_begun: a good answer has come, if only its head. model: by which name the server calls itself.
    ttft: seconds to the first event with a token in it; None before. gaps: seconds between those events.
    tokens: as the server counts them, else one for each of those events.
    """

    max_events: int
    has_begun: bool = False
    model: str | None = None
    ttft: float | None = None
    gaps: list[float] = field(default_factory=list)
    tokens: int = 0
    _events: EventReader = field(default_factory=EventReader)
    _count: int = 0
    _last: float = 0.0
    _finished: bool = False
    _done: bool = False

    def feed(self, chunk: bytes, seconds: float) -> None:
        self.has_begun = True
        for event in self._events.feed(chunk):
            self._count += 1
            if self._count > self.max_events:
                raise WrongAnswer("too_large", f"more than {self.max_events} events came")
            self._event(event, seconds)

    def end(self) -> None:
        """Nothing more comes: was it whole?"""
        if not (self._done and self._finished):
            # A stream that is [DONE] without any token is an empty one; so is one that never began.
            broken = self.ttft is not None or not self._done
            raise WrongAnswer("stream_broken" if broken else "empty", "the stream ended before its end")
        if self.ttft is None or not self.tokens:
            raise WrongAnswer("empty", "the completion has no token")

    def _event(self, event: str, seconds: float) -> None:
        if event.strip() == _DONE:
            self._done = True
            return
        found = _mapping(event)
        if found.get("error") is not None or found.get("object") == "error":
            raise WrongAnswer("stream_error", "the stream holds an error")
        self._named(found.get("model"))
        choices = found.get("choices")
        if isinstance(choices, list) and choices:
            self._choice(choices[0], seconds)
        usage = found.get("usage")
        counted = usage.get("completion_tokens") if isinstance(usage, dict) else None
        if isinstance(counted, int) and not isinstance(counted, bool) and 0 <= counted <= self.max_events:
            self.tokens = counted

    def _named(self, model: Any) -> None:
        if model is None:
            return
        if not isinstance(model, str):
            raise WrongAnswer("invalid", "the name of the model is no text")
        if self.model not in (None, model):
            raise WrongAnswer("wrong_model", "another model went on")
        self.model = model

    def _choice(self, choice: Any, seconds: float) -> None:
        if not isinstance(choice, dict):
            raise WrongAnswer("invalid", "an event of the stream holds no choice")
        if _holds_text(choice):
            self._token(seconds)
        finish = choice.get("finish_reason")
        if finish is None:
            return
        if not isinstance(finish, str):
            raise WrongAnswer("invalid", "the reason why the stream ended is no text")
        if finish in _FAILED:
            raise WrongAnswer(_FAILED[finish], "the stream says that it was given up")
        if self.ttft is None:
            self.ttft = seconds  # what was generated may be nothing to show
        self._finished = True

    def _token(self, seconds: float) -> None:
        if self.ttft is None:
            self.ttft = seconds
        else:
            self.gaps.append(seconds - self._last)
        self._last = seconds
        self.tokens += 1


def _holds_text(choice: dict[str, Any]) -> bool:
    """A chat begins with an event that only tells who speaks, and may end with one that only tells why."""
    delta = choice.get("delta")
    return not isinstance(delta, dict) or any(delta.get(key) for key in _SPOKEN)


def _mapping(event: str) -> dict[str, Any]:
    try:
        found = json.loads(event)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WrongAnswer("invalid", "an event of the stream is no JSON object")
    return found
