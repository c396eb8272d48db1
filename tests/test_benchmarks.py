"""The parts of `make bench` that measure nothing by themselves: what numbers come to, and what they are read from."""

import gzip
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import exposition, gpus, node_exporter, process, vllm_page
from benchmarks.cluster_files import WEB_SERVICES, gpus_only, like_the_demo, web_services_only
from benchmarks.connection import Answer, Connection, ScrapeError
from benchmarks.freshness import fresh
from benchmarks.latency import Latency, percentile
from benchmarks.pacing import Target, in_turn
from ragpulse import cluster_file
from ragpulse.demo.cluster import cluster_text, keep_secrets
from ragpulse.demo.ports import DemoPorts
from ragpulse.errors import RagpulseError
from ragpulse.stack.archive import Archive

MIB = 2**20


def test_a_percentile_is_a_value_that_was_seen() -> None:
    ordered = [float(number) for number in range(1, 201)]
    assert percentile(ordered, 0.5) == 100
    assert percentile(ordered, 0.99) == 198
    assert percentile(ordered, 1) == 200
    assert percentile([7.0], 0.99) == 7


def test_the_order_of_the_durations_does_not_matter() -> None:
    assert Latency.of([0.3, 0.1, 0.2]) == Latency(count=3, least=0.1, p50=0.2, p99=0.3)


def test_nothing_measured_is_no_latency() -> None:
    with pytest.raises(RagpulseError, match="nothing was measured"):
        Latency.of([])


def test_what_proc_says_of_a_process() -> None:
    status = process.fields("Name:\tpython\nVmRSS:\t   69304 kB\nThreads:\t17\n559fc0000000-7ffd rollup\n")
    assert status == {"Name": "python", "VmRSS": "69304 kB", "Threads": "17"}
    assert process.kib(status["VmRSS"]) == 69304 * 1024
    with pytest.raises(ValueError, match="not in kB"):
        process.kib("12 MB")


def test_holdings_are_those_of_the_process() -> None:
    before = process.holdings(os.getpid())
    stay = threading.Event()
    thread = threading.Thread(target=stay.wait)
    thread.start()
    with socket.socket(), socket.socket():
        after = process.holdings(os.getpid())
    stay.set()
    thread.join()
    assert (after.threads - before.threads, after.descriptors - before.descriptors) == (1, 2)
    assert before.pss is not None
    assert MIB < before.pss <= before.rss


def test_cpu_is_that_of_the_process_and_finer_than_a_tick() -> None:
    before = time.process_time()
    found = process.cpu_seconds(os.getpid())
    assert before <= found <= time.process_time()
    with pytest.raises(OSError, match=f"pid {2**22 + 1}"):
        process.cpu_seconds(2**22 + 1)  # above every pid of Linux


PAGE = """\
# TYPE ragpulse_source_runs_total counter
ragpulse_source_runs_total{{source="cpu",result="ok"}} {cpu}
ragpulse_source_runs_total{{source="cpu",result="error"}} 1.0
ragpulse_source_runs_total{{source="gpu",result="ok"}} {gpu}
# TYPE ragpulse_source_interval_seconds gauge
ragpulse_source_interval_seconds{{source="cpu"}} 5.0
ragpulse_source_interval_seconds{{source="gpu"}} 30.0
"""


def page(cpu: float, gpu: float) -> bytes:
    return PAGE.format(cpu=cpu, gpu=gpu).encode()


def answered(body: bytes, *headers: str) -> bytes:
    head = "".join(f"{header}\r\n" for header in ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers))
    return f"{head}\r\n".encode() + body


def chunked(*chunks: bytes) -> bytes:
    sized = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in (*chunks, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + sized


def test_a_page_is_unpacked_whether_it_came_packed_in_chunks_or_as_it_is() -> None:
    packed = gzip.compress(page(3, 1))
    assert exposition.text(answered(page(3, 1))) == page(3, 1).decode()
    assert exposition.text(answered(packed, "content-encoding: gzip")) == page(3, 1).decode()
    assert exposition.text(chunked(packed[:10], packed[10:])) == page(3, 1).decode()
    assert exposition.series(page(3, 1).decode()) == 5


def test_a_page_is_fresh_when_all_that_was_due_has_run_with_whatever_result() -> None:
    target = Target(0, NoConnection())
    pages = [page(1, 1), page(2, 1), page(2, 2), page(3, 2), page(4, 2)]
    target.answers = [Answer(0.0, answered(body)) for body in pages]
    assert fresh(target, 5.4, 1) == [1, 3, 4], "only cpu is due within 5.4 s"
    assert fresh(target, 5.4, 4) == [4]
    assert fresh(target, 60, 1) == [], "gpu is due within a minute too, and never ran together with cpu"


class NoConnection(Connection):
    """For what only looks at answers."""

    def __init__(self) -> None:
        """Opens nothing."""


@contextmanager
def answering(*pieces: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that sends `pieces` one by one to each request; its port, and the requests that came."""
    requests: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while request := connection.recv(65536):
                requests.append(request)
                for piece in pieces:
                    connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], requests
        thread.join(10)


def in_pieces(raw: bytes, size: int) -> Sequence[bytes]:
    return [raw[start : start + size] for start in range(0, len(raw), size)]


# A chunk that looks like the end of all chunks.
DECEIVING = chunked(b"0\r\n\r\n", b"more", b"0\r\n\r\n")


@pytest.mark.parametrize("raw", [answered(b"a body", "X: y"), answered(b""), chunked(), DECEIVING])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_answer_is_read_to_its_end_and_not_beyond(raw: bytes, size: int) -> None:
    with answering(*in_pieces(raw, size)) as (port, _):
        connection = Connection("127.0.0.1", port)
        assert [connection.scrape().raw, connection.scrape().raw] == [raw, raw]
        connection.close()


def test_each_prometheus_asks_in_turn_on_one_connection() -> None:
    with answering(answered(b"")) as (port, requests):
        connection = Connection("127.0.0.1", port)
        target = Target(os.getpid(), connection)
        in_turn([target], 3, lambda: None)
        connection.close()
    agents = [line for request in requests for line in request.decode().split("\r\n") if "User-Agent" in line]
    assert agents == [f"User-Agent: Prometheus/{version}" for version in ("3.5.3+ds1", "2.42.0+ds", "3.5.3+ds1")]
    assert all(b"\r\nAccept-Encoding: gzip\r\n" in request for request in requests)
    assert len(target.answers) == 3


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "503 Busy"), (b"HTTP/1.1 200 OK\r\n", "timed out")],
)
def test_what_is_no_answer_ends_the_measuring(raw: bytes, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.connection._TIMEOUT", 0.2)
    with answering(raw) as (port, _):
        connection = Connection("127.0.0.1", port)
        with pytest.raises(ScrapeError, match=words):
            connection.scrape()
        connection.close()


def test_an_answer_that_breaks_off_ends_the_measuring() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Connection("127.0.0.1", listener.getsockname()[1])
        accepted, _ = listener.accept()
        accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        accepted.shutdown(socket.SHUT_WR)
        with pytest.raises(ScrapeError, match="closed in mid-answer"):
            connection.scrape()
        accepted.close()
        connection.close()


def test_the_cluster_files_to_measure_by_are_cluster_files(tmp_path: Path) -> None:
    keep_secrets(tmp_path)
    demo = tmp_path / "cluster.yaml"
    demo.write_text(cluster_text(tmp_path, DemoPorts()))
    url = "http://127.0.0.1:1234/"
    alike = cluster_file.load(like_the_demo(demo, url, tmp_path))
    assert set(alike.services) == {*cluster_file.load(demo).services, *WEB_SERVICES}
    assert list(alike.nodes) == ["alpha"]
    for gpu in ("auto", "disabled"):
        bare = cluster_file.load(gpus_only(tmp_path, gpu=gpu))
        assert (bare.services, bare.nodes["alpha"].gpu) == ({}, gpu)
    many = cluster_file.load(web_services_only(50, url, "1s", tmp_path))
    assert len(many.services) == 50
    assert many.monitoring.scrape_interval == 1


def test_an_agent_that_was_to_read_gpus_and_does_not_ends_the_measuring() -> None:
    up = "# TYPE ragpulse_gpu_up gauge\n" + "".join(f'ragpulse_gpu_up{{gpu="{gpu}"}} 1.0\n' for gpu in range(8))
    gpus.require_gpus(up)
    with pytest.raises(RagpulseError, match="was to read 8 simulated GPUs and reads 7"):
        gpus.require_gpus(up.replace('{gpu="3"} 1.0', '{gpu="3"} 0.0'))
    with pytest.raises(RagpulseError, match="and reads 0"):
        gpus.require_gpus(page(1, 1).decode())


def test_node_exporter_is_taken_from_the_cache_and_says_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGPULSE_CACHE", str(tmp_path))
    here = Archive.of_this_machine(print)
    name = f"node-exporter-{here.distribution}-{here.codename}-{here.architecture}"
    program = tmp_path / "bin" / name / "prometheus-node-exporter"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'node_exporter, version 1.5.0 (branch: debian/sid, revision: 1)'\n")
    program.chmod(0o755)
    assert node_exporter.provide(print) == program
    assert node_exporter.version(program) == "1.5.0"


def test_without_apt_one_line_says_that_there_is_nothing_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RagpulseError, match="node_exporter comes from an archive of Debian or Ubuntu") as caught:
        node_exporter.provide(print)
    assert "\n" not in str(caught.value)


def test_polls_of_the_recorded_pages_are_measured(tmp_path: Path) -> None:
    costs = vllm_page.measure(tmp_path, rounds=1)
    assert [cost.page for cost in costs] == list(vllm_page.PAGES)
    assert all(min(cost.poll, cost.parser, cost.first) > 0 <= cost.memory for cost in costs)
