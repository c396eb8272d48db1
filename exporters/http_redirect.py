"""Where does a redirect lead, and is it a way that may be gone? Never from https to http.

The service chooses the address, so following is only for who configured it. Errors: WrongAnswer("redirect").
"""

import httpx

from exporters.http_answer import Answer, WrongAnswer


def target(answer: Answer) -> httpx.URL:
    try:
        # A fragment is the reader's own and never asked for.
        url = answer.url.join(answer.location).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise WrongAnswer("redirect", "it redirects to what is no URL") from None
    if not answer.location or not _is_page(url):
        raise WrongAnswer("redirect", "it redirects to what is no address of a page")
    if (answer.url.scheme, url.scheme) == ("https", "http"):
        raise WrongAnswer("redirect", "it redirects from https to http")
    return url


def _is_page(url: httpx.URL) -> bool:
    port_is_valid = url.port is None or 0 < url.port < 65_536  # noqa: PLR2004 - the ports that there are
    return url.scheme in ("http", "https") and bool(url.raw_host) and port_is_valid and not url.userinfo


def is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return _origin(one) == _origin(other)


def _origin(url: httpx.URL) -> tuple[bytes, bytes, int | None]:
    return url.raw_scheme, url.raw_host, url.port
