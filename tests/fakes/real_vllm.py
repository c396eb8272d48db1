"""A real vLLM with a tiny model on the CPU, for the proofs that only it can give (documents/scripts/vllm-cpu).

It listens on loopback, asks for a key, and has so small a KV cache that requests queue.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

KEY = "sekret"
MODEL = "tiny"
_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
_QUIET = {
    "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1", "VLLM_HOST_IP": "127.0.0.1",
}  # fmt: skip


@dataclass(frozen=True)
class RealVllm:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_healthy(self) -> float:
        """Seconds that it took."""
        start = time.monotonic()
        while time.monotonic() - start < _START_SECONDS:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            try:
                if httpx.get(f"{self.url}/health", timeout=2.0).status_code == httpx.codes.OK:
                    return time.monotonic() - start
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError(f"no health within {_START_SECONDS} s: {self.log.read_text()[-2000:]}")

    def worker(self) -> psutil.Process:
        """The process that computes: stopped or killed, no token comes."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        for word in ("Worker", "EngineCore"):
            for process in family:
                if word in process.name() or word in " ".join(process.cmdline()):
                    return process
        raise AssertionError(f"no worker among {[process.cmdline() for process in family]}")

    def post(self, tokens: int, timeout: float = 120.0) -> int:
        """The status of a completion of that many tokens."""
        asked = {"model": MODEL, "prompt": "server 1 answers", "max_tokens": tokens, "ignore_eos": True}
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.post(f"{self.url}/v1/completions", json=asked, headers=headers, timeout=timeout).status_code

    def page(self) -> str:
        return httpx.get(f"{self.url}/metrics", timeout=30.0).text


@contextmanager
def real_vllm(environment: Path, port: int, log: Path) -> Iterator[RealVllm]:
    command = [
        str(environment / "bin" / "python"), "-m", "vllm.entrypoints.openai.api_server",
        "--model", str(environment / "model"), "--served-model-name", MODEL, "--max-model-len", "512",
        "--enforce-eager", "--host", "127.0.0.1", "--port", str(port), "--api-key", KEY,
        "--num-gpu-blocks-override", "40", "--block-size", "32", "--max-num-seqs", "8",
    ]  # fmt: skip
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **_QUIET}, cwd=log.parent)
    family: list[psutil.Process] = []
    try:
        yield RealVllm(f"http://127.0.0.1:{port}", started, log)
    finally:
        if started.poll() is None:
            family = psutil.Process(started.pid).children(recursive=True)
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                started.kill()
        for process in family:  # a killed worker leaves orphans
            if process.is_running():
                process.kill()
