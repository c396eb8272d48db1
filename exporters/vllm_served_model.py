"""Which model a canary asks for, and under which names it may answer.

Source: GET /v1/models, when the cluster file names no model or another name answers. A server with several names for
one model takes each of them and calls itself by the first; all of them show the same `root`. Errors: Failure,
WrongAnswer("wrong_model") when none is offered.
"""

import contextlib
from collections.abc import Iterator

from exporters.http_client import HttpClient, WrongAnswer


class ServedModel:
    """`configured` is the model of the cluster file; without one it is the first that is offered."""

    def __init__(self, client: HttpClient, configured: str | None) -> None:
        self._client = client
        self._configured = self._asked = configured
        self._aliases: frozenset[str] = frozenset()

    def forget(self) -> None:
        """The server may offer others by now."""
        self._asked, self._aliases = self._configured, frozenset()

    @contextlib.contextmanager
    def forgotten_when_refused(self) -> Iterator[None]:
        """So that the next question asks which models there are by then."""
        try:
            yield
        except WrongAnswer as wrong:
            if wrong.reason in ("http_4xx", "wrong_model"):
                self.forget()
            raise

    def name(self) -> str:
        if self._asked is None:
            self._asked = next(iter(self._roots()), None)
        if self._asked is None:
            raise WrongAnswer("wrong_model", "no model is offered")
        return self._asked

    def goes_by(self, name: str) -> bool:
        if name == self._asked or name in self._aliases:
            return True
        roots = self._roots()
        root = roots.get(self.name())
        self._aliases = frozenset(other for other, its in roots.items() if root is not None and its == root)
        return name in self._aliases

    def _roots(self) -> dict[str, str | None]:
        """Each model that is offered, and where its weights are from."""
        offered = self._client.get("/v1/models").expect().mapping().get("data")
        found: dict[str, str | None] = {}
        for entry in offered if isinstance(offered, list) else []:
            if isinstance(entry, dict) and isinstance(name := entry.get("id"), str):
                root = entry.get("root")
                found[name] = root if isinstance(root, str) else None
        return found
