"""TLS on real connections: whom we trust, who we are, when the trust ends, and what is wrong when it fails."""

import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from exporters.http_client import HttpClient, Unanswered
from exporters.secret import SecretError
from ragpulse.services import Tls
from tests.fakes.certificates import NAME, Authority, Certificate, new_authority
from tests.fakes.http_replay import Replay, reply

PATIENT = 10.0
_LAST_TIME = re.compile(rb"\x17\x0d[0-9]{12}Z\x18\x0f([0-9]{14})Z")  # of a validity that ends after 2050


@pytest.fixture
def secure(replay: Replay) -> Callable[..., str]:
    """Has the server show a certificate, and gives the URL."""

    def serve(shown: Certificate, clients_of: Authority | None = None) -> str:
        replay.wrap(shown.served(clients_of))
        replay.get("/", reply(body=b"secure"))
        return replay.url.replace("http:", "https:")

    return serve


Secure = Callable[..., str]


def refusal(url: str, tls: Tls | None) -> tuple[str, float | None]:
    """The reason of a failure, and when the certificate ends as far as it was seen."""
    with HttpClient(url, timeout=PATIENT, tls=tls) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    return failure.value.reason, client.certificate_expires


def test_an_own_authority_and_name_are_accepted(secure: Secure, authority: Authority) -> None:
    with HttpClient(secure(authority.issue()), timeout=PATIENT, tls=authority.trusted()) as client:
        assert client.get("/").body == b"secure"


class TestDistrust:
    """No request is sent to a server that we do not trust, yet the end of its certificate is known."""

    def test_an_unknown_authority(self, secure: Secure, authority: Authority, replay: Replay) -> None:
        shown = authority.issue()
        assert refusal(secure(shown), None) == ("tls", shown.ends())
        assert replay.asked == []

    def test_another_name(self, secure: Secure, authority: Authority, replay: Replay) -> None:
        shown = authority.issue("other.test")
        assert refusal(secure(shown), authority.trusted()) == ("tls", shown.ends())
        assert replay.asked == []

    def test_an_address_that_the_certificate_does_not_hold(self, secure: Secure, authority: Authority) -> None:
        assert refusal(secure(authority.issue()), authority.trusted(server_name=None))[0] == "tls"

    def test_an_expired_certificate(self, secure: Secure, authority: Authority, replay: Replay) -> None:
        shown = authority.issue(days=-1)
        assert refusal(secure(shown), authority.trusted()) == ("tls", shown.ends())
        assert replay.asked == []


class TestClientCertificate:
    def test_it_is_shown_to_who_asks_for_it(self, secure: Secure, authority: Authority) -> None:
        tls = authority.trusted(shown=authority.issue("agent.test"))
        with HttpClient(secure(authority.issue(), authority), timeout=PATIENT, tls=tls) as client:
            assert client.get("/").body == b"secure"

    def test_without_one_the_server_refuses(self, secure: Secure, authority: Authority) -> None:
        assert refusal(secure(authority.issue(), authority), authority.trusted())[0] == "tls"

    def test_one_of_another_authority_is_refused(self, secure: Secure, authority: Authority, tmp_path: Path) -> None:
        stranger = new_authority(tmp_path).issue("agent.test")
        assert refusal(secure(authority.issue(), authority), authority.trusted(shown=stranger))[0] == "tls"


class TestWrongPort:
    def test_tls_to_a_plain_port_is_a_fault_of_tls(self, replay: Replay, authority: Authority) -> None:
        assert refusal(replay.url.replace("http:", "https:"), authority.trusted()) == ("tls", None)

    def test_plain_http_to_a_tls_port_is_a_failed_connection(
        self, secure: Secure, authority: Authority, replay: Replay
    ) -> None:
        secure(authority.issue())
        assert refusal(replay.url, None) == ("connect", None)

    def test_a_server_that_hangs_up_in_the_handshake_is_a_failed_connection(self, authority: Authority) -> None:
        with _hanging_up() as url:
            assert refusal(url, authority.trusted()) == ("connect", None)


class TestFiles:
    def test_an_unreadable_authority_is_our_own_inability_until_it_is_there(
        self, secure: Secure, authority: Authority, tmp_path: Path
    ) -> None:
        missing = tmp_path / "authority.pem"
        tls = Tls(ca_file=str(missing), server_name=NAME)
        with HttpClient(secure(authority.issue()), timeout=PATIENT, tls=tls) as client:
            with pytest.raises(SecretError, match=r"authority\.pem"):
                client.get("/")
            shutil.copy(authority.certificate, missing)
            assert client.get("/").body == b"secure"

    def test_a_key_that_does_not_fit_names_both_files(self, secure: Secure, authority: Authority) -> None:
        one, other = authority.issue("agent.test"), authority.issue("other.test")
        tls = Tls(ca_file=str(authority.certificate), cert_file=str(one.certificate), key_file=str(other.key))
        client = HttpClient(secure(authority.issue()), timeout=PATIENT, tls=tls)
        with pytest.raises(SecretError, match=r"agent\.test.*other\.test"):
            client.get("/")

    @pytest.mark.parametrize("file", ["ca_file", "cert_file", "key_file"])
    def test_a_file_that_changes_on_disk_renews_the_connection(
        self, secure: Secure, authority: Authority, replay: Replay, tmp_path: Path, file: str
    ) -> None:
        shown = authority.issue("agent.test")
        original = {"ca_file": authority.certificate, "cert_file": shown.certificate, "key_file": shown.key}
        copies = {name: shutil.copy(path, tmp_path / name) for name, path in original.items()}
        tls = Tls(server_name=NAME, **{name: str(path) for name, path in copies.items()})
        client = HttpClient(secure(authority.issue(), authority), timeout=PATIENT, tls=tls)
        client.get("/")
        client.get("/")
        assert replay.connections == 1
        shutil.copy(original[file], tmp_path / "new")
        (tmp_path / "new").replace(tmp_path / file)
        client.get("/")
        client.get("/")
        assert replay.connections == 2

    def test_a_renewed_certificate_is_the_one_that_is_shown(
        self, secure: Secure, authority: Authority, tmp_path: Path
    ) -> None:
        """What the server no longer accepts is gone with the file that it came from."""
        good, bad = authority.issue("agent.test"), new_authority(tmp_path).issue("agent.test")
        shown = Certificate(tmp_path / "shown.pem", tmp_path / "shown.key")
        tls = authority.trusted(shown=shown)
        client = HttpClient(secure(authority.issue(), authority), timeout=PATIENT, tls=tls)
        for source in (bad, good):
            shutil.copy(source.certificate, shown.certificate)
            shutil.copy(source.key, shown.key)
            if source is bad:
                with pytest.raises(Unanswered):
                    client.get("/")
        assert client.get("/").body == b"secure"


class TestExpiry:
    def test_it_is_read_from_the_connection_that_is_used(
        self, secure: Secure, authority: Authority, replay: Replay
    ) -> None:
        shown = authority.issue(days=30)
        client = HttpClient(secure(shown), timeout=PATIENT, tls=authority.trusted())
        assert client.certificate_expires is None
        client.get("/")
        client.get("/")
        assert client.certificate_expires == shown.ends()
        assert replay.connections == 1

    def test_an_authority_that_ends_first_counts(self, secure: Secure, tmp_path: Path) -> None:
        short = new_authority(tmp_path, days=5)
        client = HttpClient(secure(short.issue(days=30)), timeout=PATIENT, tls=short.trusted())
        client.get("/")
        assert client.certificate_expires == short.ends()

    def test_plain_http_has_none(self, replay: Replay) -> None:
        replay.get("/", reply())
        client = HttpClient(replay.url, timeout=PATIENT)
        client.get("/")
        assert client.certificate_expires is None

    def test_a_server_that_shows_none_any_more_has_none(
        self, secure: Secure, authority: Authority, replay: Replay
    ) -> None:
        now = [0.0]
        url = secure(authority.issue())
        client = HttpClient(url, timeout=PATIENT, tls=authority.trusted(), clock=lambda: now[0])
        client.get("/")
        replay.context = None
        now[0] += 1000  # long enough for a new connection
        with pytest.raises(Unanswered):
            client.get("/")
        assert client.certificate_expires is None

    def test_a_certificate_without_a_readable_end_has_none(self, secure: Secure, authority: Authority) -> None:
        shown = authority.issue()
        der = bytearray(ssl.PEM_cert_to_DER_cert(shown.certificate.read_text()))
        end = _LAST_TIME.search(der)
        assert end is not None
        der[end.start(1) : end.end(1)] = b"x" * len(end[1])
        broken = Certificate(authority.folder / "broken.pem", shown.key)
        broken.certificate.write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))
        assert refusal(secure(broken), authority.trusted()) == ("tls", None)


@contextmanager
def _hanging_up() -> Iterator[str]:
    """A port on which every connection is accepted and closed at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_close_all, args=(server,))
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _close_all(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()
