"""Is the certificate of a service one that we trust, for its name, and for how much longer?

By one GET of its URL: what it answers does not matter here, only that the handshake came about.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from exporters.checks.check import Result, Scene, failed, note, well
from exporters.http_client import Failure, HttpClient
from ragpulse.units import human_duration

if TYPE_CHECKING:
    from ragpulse.service import Tls

_SOON = 14 * 86400.0  # as the alert: what renews by itself has failed to for a week by then


def result(scene: Scene, service: str, url: str, tls: Tls | None, timeout: float) -> Result:
    client = HttpClient(url, timeout=timeout, tls=tls)
    with contextlib.closing(client):
        try:
            client.get(with_auth=False)
        except Failure as failure:
            # What is wrong with the answer after a good handshake is another check's to tell.
            if failure.reason == "tls" or client.certificate_expires is None:
                return _distrusted(scene, service, failure, client.certificate_expires)
        expires = client.certificate_expires
        return _lasts(scene, service, expires) if expires is not None else well("trusted")


def _distrusted(scene: Scene, service: str, failure: Failure, expires: float | None) -> Result:
    at, home = f"services.{service}.tls", scene.cluster.services[service].nodes[0]
    if failure.reason != "tls":
        return failed(f"no handshake: {failure}", f"see the log of {service} on {home}, or of the proxy before it")
    if expires is not None and expires < time.time():
        return _ended(service, home, expires)
    said = str(failure)
    if "mismatch" in said.lower():
        return failed(
            f"its certificate is for another name: {said}",
            f"write the name in the certificate as {at}.server_name in {scene.file}, or get one for that host",
        )
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return failed(
            f"its certificate is of an authority that we do not trust: {said}",
            f"name the certificate of the authority that signed it as {at}.ca_file in {scene.file}",
        )
    return failed(said, f"does it speak TLS at all? correct the scheme of services.{service}.url in {scene.file}")


def _lasts(scene: Scene, service: str, expires: float) -> Result:
    left = expires - time.time()
    day = time.strftime("%Y-%m-%d", time.gmtime(expires))
    if left < 0:
        return _ended(service, scene.cluster.services[service].nodes[0], expires)
    said = f"trusted until {day}, {human_duration(left)} from now"
    return note(f"{said}: renew it") if left < _SOON else well(said)


def _ended(service: str, home: str, expires: float) -> Result:
    day = time.strftime("%Y-%m-%d", time.gmtime(expires))
    return failed(f"its certificate ended on {day}", f"renew the certificate of {service} on {home} and restart it")
