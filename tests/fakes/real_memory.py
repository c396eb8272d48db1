"""A real mcp-memory-service (documents/scripts/mcp-memory) on loopback, with a key and a database of its own.

Without a model it embeds by hashes: what is near means nothing then, and nothing here asks for that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ragpulse.stack.process import Process
from tests.fakes.running import answers, free_ports, running, until

KEY = "a key of a throw-away server"
_START_SECONDS = 120.0


@dataclass(frozen=True)
class RealMemory:
    url: str
    database: Path
    client: httpx.Client

    def store(self, content: str, *tags: str) -> None:
        answer = self.client.post("/api/memories", json={"content": content, "tags": tags}).raise_for_status()
        assert answer.json()["success"] is True

    def contents(self) -> list[str]:
        return sorted(memory["content"] for memory in self.client.get("/api/memories").json()["memories"])


@contextmanager
def real_memory(environment: Path, folder: Path) -> Iterator[RealMemory]:
    (port,) = free_ports(1)
    database = folder / "memory.db"
    settings = {
        "HOME": str(folder),
        "MCP_API_KEY": KEY,
        "MCP_MDNS_ENABLED": "false",  # it would speak to the whole network
        "MCP_MEMORY_BASE_DIR": str(folder),
        "MCP_MEMORY_SQLITE_PATH": str(database),
        "MCP_MEMORY_STORAGE_BACKEND": "sqlite_vec",
        "HF_HUB_OFFLINE": "1",
    }
    program = str(environment / "bin" / "memory")
    argv = (program, "server", "--http", "--http-host", "127.0.0.1", "--http-port", str(port))
    process = Process("memory", argv, "a real memory service", environment=settings)
    url = f"http://127.0.0.1:{port}"
    headers = {"X-API-Key": KEY}
    with (
        running(process, folder / "memory.log"),
        httpx.Client(base_url=url, headers=headers, trust_env=False) as client,
    ):
        until(lambda: answers(f"{url}/api/health"), f"it starts: {folder / 'memory.log'}", _START_SECONDS)
        yield RealMemory(url, database, client)
