"""A Grafana server as its HTTP API describes it: boards by uid with their versions, and folders.

Source: Grafana 10.4 and newer, `/api/dashboards` and `/api/folders`. Nothing is ever overwritten blindly: a board is
saved as the successor of a version, and refused when somebody saved another one meanwhile. Errors: GrafanaError, whose
text never holds the token.
"""

from typing import Any

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from ragpulse.errors import RagpulseError

_WITHIN = 20.0  # seconds for each step of an exchange
_MOST_BYTES = 16 * 1024**2
_MEANING: dict[int, str] = {
    httpx.codes.UNAUTHORIZED: "it does not know this token: is it the token of a service account, and still valid?",
    httpx.codes.FORBIDDEN: "this token may not do that: its service account needs the role Editor",
}
_CHANGED_MEANWHILE = "version-mismatch"


class GrafanaError(RagpulseError):
    """Grafana cannot be asked, or refuses."""


class Meta(BaseModel):
    folder: str = Field("", alias="folderUid")
    provisioned: bool = False


class Found(BaseModel):
    """A board that is there."""

    dashboard: dict[str, Any]
    meta: Meta

    @field_validator("dashboard")
    @classmethod
    def _is_numbered(cls, dashboard: dict[str, Any]) -> dict[str, Any]:
        if not all(isinstance(dashboard.get(number), int) for number in ("id", "version")):
            raise ValueError("a board that was saved has an id and a version")
        return dashboard

    @property
    def version(self) -> int:
        version: int = self.dashboard["version"]
        return version


class Version(BaseModel):
    version: int
    message: str = ""


class _Versions(BaseModel):
    versions: list[Version]


_VERSIONS: TypeAdapter[_Versions | list[Version]] = TypeAdapter(_Versions | list[Version])
_FOUND = TypeAdapter(Found)


class Grafana:
    def __init__(self, client: httpx.Client, url: str, token: str) -> None:
        self.url = url
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def board(self, uid: str) -> Found | None:
        body = self._get(f"/api/dashboards/uid/{uid}")
        return None if body is None else self._shaped(_FOUND, body)

    def last_version(self, uid: str) -> Version | None:
        """The newest, which is the one that is shown."""
        body = self._get(f"/api/dashboards/uid/{uid}/versions?limit=1")
        if body is None:
            return None
        found = self._shaped(_VERSIONS, body)  # a list until 11.2
        versions = found if isinstance(found, list) else found.versions
        return max(versions, key=lambda each: each.version, default=None)

    def make_folder(self, uid: str, title: str) -> None:
        """Unless it is there."""
        if self._get(f"/api/folders/{uid}") is None:
            self._post("/api/folders", {"uid": uid, "title": title})

    def save(self, board: dict[str, Any], folder: str, message: str, after: Found | None) -> None:
        """As a new board, or as the version that follows `after`."""
        place = {"id": after.dashboard["id"], "version": after.version} if after else {"id": None, "version": 0}
        wanted = {"dashboard": {**board, **place}, "folderUid": folder, "message": message, "overwrite": False}
        self._post("/api/dashboards/db", wanted)

    def _get(self, path: str) -> bytes | None:
        """Nothing where there is nothing."""
        status, body = self._exchange("GET", path, None)
        if status == httpx.codes.NOT_FOUND:
            return None
        return self._accepted(path, status, body)

    def _post(self, path: str, content: dict[str, Any]) -> None:
        self._accepted(path, *self._exchange("POST", path, content))

    def _exchange(self, method: str, path: str, content: dict[str, Any] | None) -> tuple[int, bytes]:
        try:
            with self._client.stream(
                method, f"{self.url}{path}", json=content, headers=self._headers, timeout=_WITHIN
            ) as answer:
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise GrafanaError(f"{self.url}: an answer is larger than {_MOST_BYTES // 1024**2} MiB")
                return answer.status_code, bytes(body)
        except httpx.HTTPError as error:
            raise GrafanaError(
                f"{self.url}: Grafana cannot be asked ({type(error).__name__}); is it running?"
            ) from error

    def _accepted(self, path: str, status: int, body: bytes) -> bytes:
        if status == httpx.codes.OK:
            return body
        said = _said(body)
        if status == httpx.codes.PRECONDITION_FAILED and said.get("status") == _CHANGED_MEANWHILE:
            raise GrafanaError(f"{self.url}: somebody saved the board meanwhile; look at it and run the command again")
        meaning = _MEANING.get(status) or said.get("message")
        raise GrafanaError(f"{self.url}: HTTP {status} to {path.partition('?')[0]}: {meaning or 'it does not say why'}")

    def _shaped(self, shape: TypeAdapter[Any], body: bytes) -> Any:
        try:
            return shape.validate_json(body)
        except ValidationError as error:
            raise GrafanaError(f"{self.url}: its answer is not what Grafana's HTTP API promises; is it one?") from error


def _said(body: bytes) -> dict[str, str]:
    """The words of a refusal, as one short line each."""
    try:
        said = TypeAdapter(dict[str, Any]).validate_json(body)
    except ValidationError:
        return {}
    return {key: " ".join(str(value).split())[:300] for key, value in said.items()}
