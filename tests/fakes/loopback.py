"""Asking a server of this machine over plain HTTP, as often as a test likes.

httpx reads the certificates of all authorities for each call of its own, which costs ten times what the call does.
"""

import ssl
from collections.abc import Mapping

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # knows no authority: nothing here is asked over TLS


def get(
    url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, timeout: float = 5.0
) -> httpx.Response:
    return httpx.get(url, params=params, headers=headers, timeout=timeout, trust_env=False, verify=NO_TLS)
