"""Secrets from files, read when they are needed, so that a rotated one needs no restart.

Errors: SecretError, whose text names the file and never its content.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from exporters.source import SourceError
from ragpulse import secret_file


class SecretError(SourceError):
    """A secret, key or certificate file that cannot be used: our own inability, not a fact about the service."""


def secret_header(header: str, prefix: str, file: str | None) -> Callable[[], Mapping[str, str]]:
    """Gives the header of an authorised request; no header when there is no file."""

    def headers() -> Mapping[str, str]:
        if file is None:
            return {}
        return {header: f"{prefix} {read_secret(Path(file))}".strip()}

    return headers


def read_secret(file: Path) -> str:
    try:
        return secret_file.read(file)
    except OSError as error:
        raise SecretError(f"{file}: {error.strerror}; the agent must be able to read it") from error
    except ValueError as error:
        raise SecretError(f"{file}: {error}") from None
