"""What every part of the cluster file has in common: frozen, unknown keys refused, addresses and quantities checked."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ragpulse import units, urls

_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_HEADER = re.compile(r"[!#$%&'*+.^_|~0-9A-Za-z-]+")
_PREFIX = re.compile(r"[!-~]*")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_LONGEST_NAME = 63


class Part(BaseModel):
    """A mapping of the cluster file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=False)


def host(text: str) -> str:
    """Errors: ValueError with what is wrong and the mend."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if _HOST.fullmatch(text) and not text.replace(".", "").isdigit():
            return text
        hint = "; write the address alone, without scheme, port or mask" if re.search("[:/]", text) else ""
        raise ValueError(f"{text!r} is neither an IP address nor a host name{hint}") from None
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f"{text} is no address of a machine; write the one that its peers reach")
    return text


def _name(text: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"{text!r} is {len(text)} characters long; a name has at most {_LONGEST_NAME}")
    if not _NAME.fullmatch(text):
        nearest = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-")
        hint = f"; write {nearest}" if _NAME.fullmatch(nearest) else ""
        raise ValueError(f"{text!r} is not a name: a small letter, then small letters, digits, - or _{hint}")
    return text


def _file(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        # It may be the secret itself, so it is not repeated.
        raise ValueError("is not an absolute path; write the path of a file, from / on")
    return text


def _http_path(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not a path; it begins with /")
    return text


def _header_name(text: str) -> str:
    if not _HEADER.fullmatch(text):
        hint = f"; write {text[:-1]}" if _HEADER.fullmatch(text[:-1]) else ""
        raise ValueError(f"{text!r} is not the name of an HTTP header{hint}")
    return text


def _header_prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError(f"{text!r} cannot stand in an HTTP header: one word, or nothing")
    return text


Address = Annotated[str, AfterValidator(host)]
Url = Annotated[str, AfterValidator(urls.url)]
BaseUrl = Annotated[str, AfterValidator(urls.base_url)]
Name = Annotated[str, AfterValidator(_name)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderPrefix = Annotated[str, AfterValidator(_header_prefix)]
FilePath = Annotated[str, AfterValidator(_file)]
HttpPath = Annotated[str, AfterValidator(_http_path)]
Port = Annotated[int, Field(ge=1, le=65535)]
Ratio = Annotated[float, Field(gt=0, lt=1)]
Duration = Annotated[float, BeforeValidator(units.duration)]
Size = Annotated[float, BeforeValidator(units.size)]
BitRate = Annotated[float, BeforeValidator(units.bit_rate)]
TokenRate = Annotated[float, BeforeValidator(units.token_rate)]
