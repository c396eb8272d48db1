"""Can the certificates and the key of a service be used: are they there, can they be loaded, are they still valid?"""

import os
import ssl
import time

# The only reader of a certificate file that Python has; it reads the first certificate, which is our own.
from _ssl import _test_decode_cert  # type: ignore[attr-defined]
from collections.abc import Iterator
from pathlib import Path

from ragpulse.services import Tls

Found = tuple[str, str]  # key of `tls`, what is wrong


class _EncryptedError(Exception):
    """The library asked for a password."""


def problems(tls: Tls) -> Iterator[Found]:
    """Of files that can be read; those that cannot are somebody else's to tell."""
    if tls.ca_file is not None and _is_readable(tls.ca_file):
        yield from _authority(tls.ca_file)
    if tls.cert_file is None or tls.key_file is None:
        return
    if _is_readable(tls.cert_file) and _is_readable(tls.key_file):
        yield from _own(tls.cert_file, tls.key_file)


def _authority(file: str) -> Iterator[Found]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        yield "ca_file", f"{file} holds no certificate (PEM)"
        return
    ends = [ssl.cert_time_to_seconds(str(certificate["notAfter"])) for certificate in context.get_ca_certs()]
    if ends and max(ends) < time.time():
        yield "ca_file", f"{file} expired on {_day(max(ends))}; get the authority's new certificate"


def _own(certificate: str, key: str) -> Iterator[Found]:
    try:
        end = ssl.cert_time_to_seconds(str(_test_decode_cert(certificate)["notAfter"]))
    except ssl.SSLError:
        yield "cert_file", f"{certificate} holds no certificate (PEM)"
        return
    if end < time.time():
        yield "cert_file", f"{certificate} expired on {_day(end)}; get a new one"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=_refuse)
    except _EncryptedError:
        yield "key_file", f"{key} is encrypted, and nobody is there to give its password; write it without one"
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            yield "key_file", f"{key} is not the key of {certificate}"
        else:
            yield "key_file", f"{key} holds no private key (PEM)"


def _refuse() -> str:
    raise _EncryptedError


def _is_readable(file: str) -> bool:
    return Path(file).is_file() and os.access(file, os.R_OK)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
