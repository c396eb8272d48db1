"""Is a text of the cluster file a URL that can be asked? Errors: ValueError with what is wrong and the mend.

Credentials are looked for first, and a query is left out of every message: neither is ever repeated.
"""

import re
from urllib.parse import SplitResult, urlsplit

_EXAMPLE = "http://192.0.2.1:8000"
_NEVER = re.compile(r"[\x00-\x20\x7f-\uffff<>{}|\\^`\"]")


def url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    authority = re.split(r"[/?#]", rest if separator else text)[0]
    if "@" in authority:
        raise ValueError("holds credentials; put them into a file and name the file")
    shown = repr(text.partition("?")[0])
    if found := _NEVER.search(text):
        hint = "; variables are not filled in, write the value itself" if found[0] == "{" else ""
        raise ValueError(f"{shown} holds {found[0]!r}, which no URL can hold{hint}")
    if not separator:
        raise ValueError(f"{shown} is not a URL without its scheme; write http:// or https:// before it")
    if scheme not in {"http", "https"}:
        raise ValueError(f"{shown} is not a URL that is asked here: {scheme} is neither http nor https")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"{shown} is not a URL; write it like {_EXAMPLE}") from None
    if not parts.hostname:
        raise ValueError(f"{shown} is not a URL: it names no host; write it like {_EXAMPLE}")
    if not _has_possible_port(parts):
        raise ValueError(f"{shown} is not a URL: a port is a number from 1 to 65535; write it like {_EXAMPLE}")
    if parts.fragment:
        raise ValueError(f"{shown} has a fragment, which is never sent; leave out #{parts.fragment}")
    return text


def base_url(text: str) -> str:
    """Of a service whose paths are added to it."""
    if urlsplit(url(text)).query:
        raise ValueError("has a query, but paths are added to this URL; leave out what begins with ?")
    return text


def _has_possible_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
