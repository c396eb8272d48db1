"""Is this the expected answer: status, text, JSON? As the cluster file describes it. Errors: WrongAnswer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exporters import json_field
from exporters.http_body_match import BodyMatch
from exporters.http_client import Answer, WrongAnswer

if TYPE_CHECKING:
    from ragpulse.services import HttpExpect


class Expected:
    def __init__(self, expect: HttpExpect) -> None:
        self._expect = expect
        self._body_match = BodyMatch(expect.body_match) if expect.body_match is not None else None

    def judge(self, answer: Answer, ends: float) -> Answer:
        """Itself. A pattern may be looked for until `ends`, in seconds of the monotonic clock."""
        answer.expect(*self._expect.status)
        if self._body_match is not None and not self._body_match.is_in(answer.body, ends - time.monotonic()):
            raise WrongAnswer("mismatch", "body_match is not found in the answer")
        if self._expect.json_fields:
            document = answer.json()
            for path, good in self._expect.json_fields.items():
                if not json_field.is_one_of(json_field.at(document, path), good):
                    raise WrongAnswer("mismatch", f"{path} is not what is expected there")
        return answer
