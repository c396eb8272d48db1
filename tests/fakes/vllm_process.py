"""A process that is called like vLLM's API server, opens no port, and ends with the block."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporters import vllm_process
from tests.fakes.running import until


@contextmanager
def starting_vllm(folder: Path, port: int) -> Iterator[None]:
    """Within it, the process is there. `folder` is for its program."""
    module = folder / "vllm" / "entrypoints"
    module.mkdir(parents=True)
    (module / "api.py").write_text("import sys; sys.stdin.read()")
    command = [sys.executable, "-m", "vllm.entrypoints.api", "--port", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder, env={**os.environ, "PYTHONPATH": "."}):
        until(lambda: vllm_process.started(f"http://127.0.0.1:{port}") is not None, "it runs")
        yield
