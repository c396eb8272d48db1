"""What every part of the cluster file has in common: frozen, unknown keys refused, addresses and quantities checked."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ragpulse import units

_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_HEADER = re.compile(r"[!#$%&'*+.^_|~0-9A-Za-z-]+")
_PREFIX = re.compile(r"[!-~]*")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Part(BaseModel):
    """A mapping of the cluster file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=False)


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if _HOST.fullmatch(text) and not text.replace(".", "").isdigit():
            return text
        raise ValueError(f"{text!r} is neither an IP address nor a host name") from None
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f"{text} is no address of a machine; write the one that its peers reach")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"{text!r} is not a URL; write it like http://192.0.2.1:8000") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_valid:
        raise ValueError(f"{text!r} is not a URL; write it like http://192.0.2.1:8000")
    if parts.username or parts.password:
        raise ValueError("holds credentials; put them into a file and name the file")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name: a small letter, then small letters, digits, - or _ (at most 63)")
    return text


def _file(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} must be an absolute path")
    return text


def _http_path(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} must be a path that begins with /")
    return text


def _header_name(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of an HTTP header")
    return text


def _header_prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError(f"{text!r} cannot stand in an HTTP header: one word, or nothing")
    return text


Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[str, AfterValidator(_url)]
Name = Annotated[str, AfterValidator(_name)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderPrefix = Annotated[str, AfterValidator(_header_prefix)]
FilePath = Annotated[str, AfterValidator(_file)]
HttpPath = Annotated[str, AfterValidator(_http_path)]
Port = Annotated[int, Field(ge=1, le=65535)]
Ratio = Annotated[float, Field(gt=0, lt=1, strict=False)]
Duration = Annotated[float, BeforeValidator(units.duration)]
Size = Annotated[float, BeforeValidator(units.size)]
BitRate = Annotated[float, BeforeValidator(units.bit_rate)]
TokenRate = Annotated[float, BeforeValidator(units.token_rate)]
