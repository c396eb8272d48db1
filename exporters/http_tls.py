"""TLS towards one service: whom we trust, who we are, and until when the trust lasts.

Source: the files named in the cluster file, else the system's certificate store; read anew when one of them changes
on disk. Errors: SecretError for a file that cannot be used.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpcore

from exporters.secret import SecretError

if TYPE_CHECKING:
    from ragpulse.services import Tls

# Hung up on in mid-handshake, as by a balancer without a backend: that is no fault of a certificate.
_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class OnlyAuthority:
    """Settings for a server that is not the configured one: whom we trust, and nothing of who we are."""

    ca_file: str | None
    cert_file: None = None
    key_file: None = None
    server_name: None = None


class TlsFiles:
    """The context of one service's connections, kept until a file behind it changes: making one takes 30 ms."""

    def __init__(self, tls: Tls | OnlyAuthority | None) -> None:
        self._authority = tls.ca_file if tls else None
        self._certificate, self._key = (tls.cert_file, tls.key_file) if tls else (None, None)
        self._context: ssl.SSLContext | None = None
        self._read_from: _Stamp = ()

    def have_changed(self) -> bool:
        return self._context is not None and self._stamp() != self._read_from

    def context(self) -> ssl.SSLContext:
        if self._context is None or self.have_changed():
            self._read_from = self._stamp()  # before reading: what changes meanwhile is seen the next time
            self._context = None
            self._context = self._read()
        return self._context

    def _read(self) -> ssl.SSLContext:
        files = ", ".join(file for file in (self._authority, self._certificate, self._key) if file)
        try:
            context = ssl.create_default_context(cafile=self._authority)
            if self._certificate:
                # Without a password the library would ask for one on the terminal.
                context.load_cert_chain(self._certificate, self._key, password=str)
        except OSError as error:
            raise SecretError(f"{files}: {error.strerror or error}") from error
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _stamp(self) -> _Stamp:
        system = ssl.get_default_verify_paths()
        authorities = (self._authority,) if self._authority else (system.cafile, system.capath)
        return tuple(_stamp_of(Path(file)) for file in (*authorities, self._certificate, self._key) if file)


def _stamp_of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def is_tls_fault(error: BaseException) -> bool:
    """Whether an error of httpcore comes of a certificate, a version or a broken record, and not of the network."""
    return isinstance(error.__cause__, ssl.SSLError) and not isinstance(error.__cause__, _HUNG_UP)


def is_distrust(error: BaseException) -> bool:
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)


def trusted_until(stream: httpcore.NetworkStream) -> float | None:
    """When the first certificate of the chain that we verified ends, the authority's own included; Unix time."""
    return _first_end(stream.get_extra_info("ssl_object").get_verified_chain())


def presented_until(stream: httpcore.NetworkStream, server_name: str) -> float | None:
    """When the first certificate ends that a server shows whom we do not trust; Unix time. Nothing is asked of it.

    A server that insists on a certificate of ours may not show its own: none is offered on such a connection.
    """
    curious = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    curious.check_hostname = False
    curious.verify_mode = ssl.CERT_NONE
    with contextlib.closing(stream.start_tls(curious, server_name)) as opened:
        return _first_end(opened.get_extra_info("ssl_object").get_unverified_chain())


def _first_end(chain: Iterable[Any] | None) -> float | None:
    return min((end for certificate in chain or () for end in _end(certificate)), default=None)


def _end(certificate: Any) -> Iterator[float]:
    try:
        yield float(ssl.cert_time_to_seconds(certificate.get_info()["notAfter"]))
    except (ValueError, ssl.SSLError):
        return  # a certificate that nobody has verified may hold anything
