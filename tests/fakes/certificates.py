"""Certificates of a throw-away authority, made with `openssl`, which Debian's ca-certificates brings along."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragpulse.services import Tls

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_LONG = 36_500  # days
NAME = "gateway.test"


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    def served(self, clients_of: "Authority | None" = None) -> ssl.SSLContext:
        """The context of a server that shows it, and that wants a certificate of its clients where told so."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if clients_of is not None:
            context.load_verify_locations(clients_of.certificate)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def ends(self) -> float:
        said = _openssl("x509", "-in", str(self.certificate), "-noout", "-enddate")
        return ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter="))


@dataclass(frozen=True)
class Authority(Certificate):
    folder: Path

    def issue(self, name: str = NAME, days: int = _LONG) -> Certificate:
        """For `name` and nobody else; negative `days` have passed."""
        new = Certificate(self.folder / f"{name}{days}.pem", self.folder / f"{name}{days}.key")
        request = self.folder / f"{name}{days}.csr"
        _openssl(
            "req", *_NEW_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-keyout", str(new.key), "-out", str(request),
        )  # fmt: skip
        _openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
            "-days", str(days), "-copy_extensions", "copy", "-out", str(new.certificate),
        )  # fmt: skip
        return new

    def trusted(self, server_name: str | None = NAME, shown: Certificate | None = None) -> Tls:
        """What the cluster file says of a service that is certified here, and of the certificate to show to it."""
        return Tls(
            ca_file=str(self.certificate),
            server_name=server_name,
            cert_file=str(shown.certificate) if shown else None,
            key_file=str(shown.key) if shown else None,
        )


def new_authority(folder: Path, days: int = _LONG) -> Authority:
    found = Authority(folder / f"authority{days}.pem", folder / f"authority{days}.key", folder)
    _openssl(
        "req", "-x509", *_NEW_KEY, "-days", str(days), "-subj", "/CN=authority.test",
        "-keyout", str(found.key), "-out", str(found.certificate),
    )  # fmt: skip
    return found


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("certificates"))


def _openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, timeout=60).stdout
