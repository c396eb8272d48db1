"""One mistake that pydantic found, and what stands in the file at its place."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from ragpulse.location import Path_
from ragpulse.yaml_file import Document


@dataclass(frozen=True, slots=True)
class Mistake:
    details: ErrorDetails
    path: Path_
    document: Document

    @property
    def found(self) -> Any:
        return self.details["input"]

    @property
    def context(self) -> dict[str, Any]:
        return self.details.get("ctx", {})

    @property
    def written(self) -> str:
        """As it stands in the file; nothing for a mapping or a list."""
        if isinstance(self.found, dict | list):
            return ""
        return self.document.written.get(self.path, "" if self.found is None else str(self.found))

    @property
    def shown(self) -> str:
        """As it stands in the file, and what YAML made of it where that is something else: `off (to YAML: false)`."""
        if isinstance(self.found, dict | list):
            return "a mapping" if isinstance(self.found, dict) else "a list"
        if self.path not in self.document.written:
            return repr(self.found)
        read = _read_as(self.found)
        return self.written if self._reads_as_it_looks(read) else f"{self.written} (to YAML: {read})"

    def _reads_as_it_looks(self, read: str) -> bool:
        return self.written == read or (self.path not in self.document.doubts and isinstance(self.found, float))


def _read_as(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
