"""Values in the description of who is told: mail addresses, a mail server, times of a day, a time zone."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from ragpulse.model import host

_MAIL = re.compile(r"[!#$%&'*+./0-9=?A-Za-z^_`{|}~-]+@[0-9A-Za-z.-]+")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):(\d{1,5})")
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_TIMES = re.compile(rf"({_TIME})-({_TIME})")
_LAST_PORT = 65535


def _mail(text: str) -> str:
    if not _MAIL.fullmatch(text):
        raise ValueError(f"{text!r} is not a mail address; write it like oncall@example.org, without a name before it")
    return text


def _server(text: str) -> str:
    found = _SERVER.fullmatch(text)
    if not found or not 0 < int(found[2]) <= _LAST_PORT:
        raise ValueError(f"{text!r} is not a server with its port; write it like mail.example.org:587")
    host(found[1].strip("[]"))
    return text


def _times(text: str) -> str:
    found = _TIMES.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a time of day to another; write it like 22:00-07:00")
    if found[1] == found[3]:
        raise ValueError(f"{text} is no time, or the whole day; leave it out, or leave out notify.ticket")
    return text


def _zone(text: str) -> str:
    """A machine that has no time zones at all cannot say that one is wrong."""
    import zoneinfo  # noqa: PLC0415 - where a file names one, and in no other agent

    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if zoneinfo.available_timezones():
            raise ValueError(f"{text!r} is no time zone; write one like Europe/Berlin") from None
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


MailAddress = Annotated[str, AfterValidator(_mail)]
MailAddresses = Annotated[
    tuple[MailAddress, ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=MailAddress | list[MailAddress]),
]
Server = Annotated[str, AfterValidator(_server)]
TimesOfDay = Annotated[str, AfterValidator(_times)]
TimeZone = Annotated[str, AfterValidator(_zone)]
