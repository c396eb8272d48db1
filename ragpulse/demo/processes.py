"""What the demo runs beside the monitoring: the services, somebody who uses them, and a place for notifications.

Everything listens on 127.0.0.1. Secrets reach a process as the name of a file, never in arguments or environment.
"""

from pathlib import Path

from ragpulse.demo.cluster import CHROMA_TOKEN_HEADER, COLLECTION, MODEL, chroma_data, chroma_token_file, vllm_key_file
from ragpulse.demo.ports import SETTING, DemoPorts
from ragpulse.stack.process import Listen, Process
from ragpulse.stack.state import State

_HOST = "127.0.0.1"
# Runs in the Chroma environment and is therefore never imported here.
_CHROMA_FILL = Path(__file__).with_name("chroma_fill.py")
_CHROMA_STARTS_WITHIN = "120"  # seconds, as the filling waits


def demo_processes(state: Path, ports: DemoPorts, chroma_env: Path, python: str) -> list[Process]:
    """`chroma_env`: the environment of its own that the Chroma server lives in. `python`: the interpreter of ours."""
    state = state.absolute()
    return [
        _chroma(state, ports, chroma_env),
        _chroma_fill(state, ports, chroma_env),
        _chroma_canary(state, python),
        _memory(state, ports, python),
        _vllm(state, ports, python),
        _load(state, ports, python),
        _receiver(state, ports, python),
    ]


def agent_of_the_demo(ports: DemoPorts) -> tuple[str, ...]:
    """How an agent is called here: with a simulated GPU, that is as busy as the stand-in for vLLM."""
    return ("ragpulse.demo.agent", "--follow", f"{_url(ports.vllm)}/metrics")


def _chroma(state: Path, ports: DemoPorts, chroma_env: Path) -> Process:
    return Process(
        name="chroma",
        argv=(
            str(chroma_env / "bin" / "chroma"), "run", "--path", str(chroma_data(state)),
            "--host", _HOST, "--port", str(ports.chroma),
            # It would write everything a second time, into whatever folder it was started in.
            "--log-path", "/dev/null",
        ),
        about="ChromaDB 0.5.23 with token authentication",
        listens=(_listen(ports.chroma),),
        ready_url=f"{_url(ports.chroma)}/api/v2/heartbeat",
        environment={
            "ANONYMIZED_TELEMETRY": "False",
            "CHROMA_OTEL_COLLECTION_ENDPOINT": "",
            "CHROMA_SERVER_AUTHN_PROVIDER": "chromadb.auth.token_authn.TokenAuthenticationServerProvider",
            "CHROMA_SERVER_AUTHN_CREDENTIALS_FILE": str(chroma_token_file(state)),
            "CHROMA_AUTH_TOKEN_TRANSPORT_HEADER": CHROMA_TOKEN_HEADER,
        },
    )  # fmt: skip


def _chroma_fill(state: Path, ports: DemoPorts, chroma_env: Path) -> Process:
    return Process(
        name="chroma-fill",
        argv=(
            str(chroma_env / "bin" / "python"), str(_CHROMA_FILL), "--url", _url(ports.chroma),
            "--token-file", str(chroma_token_file(state)), "--token-header", CHROMA_TOKEN_HEADER,
        ),
        about="fills Chroma with 10,000 vectors once",
        # Without PYTHONSAFEPATH our modules beside the script would stand before the environment's own.
        environment={"ANONYMIZED_TELEMETRY": "False", "PYTHONSAFEPATH": "1", "NO_PROXY": _HOST, "no_proxy": _HOST},
        task=True,
    )  # fmt: skip


def _chroma_canary(state: Path, python: str) -> Process:
    return Process(
        name="chroma-canary",
        argv=(
            python, "-m", "ragpulse", "canary", "init", "chroma", "--config", str(State(state).cluster_file),
            "--wait", _CHROMA_STARTS_WITHIN,
        ),
        about="writes the golden set of the recall canary once",
        task=True,
    )  # fmt: skip


def _memory(state: Path, ports: DemoPorts, python: str) -> Process:
    return Process(
        name="memory",
        argv=(
            python, "-m", "ragpulse.demo.memory_service", "--port", str(ports.memory),
            "--database", str(state / "data" / "memory" / "memory.sqlite3"),
        ),
        about="memory service: notes in SQLite, found by full text",
        listens=(_listen(ports.memory),),
        ready_url=f"{_url(ports.memory)}/ready",
    )  # fmt: skip


def _vllm(state: Path, ports: DemoPorts, python: str) -> Process:
    return Process(
        name="vllm",
        argv=(
            python, "-m", "ragpulse.demo.vllm_standin", "--port", str(ports.vllm),
            "--model", MODEL, "--api-key-file", str(vllm_key_file(state)),
            "--fault-file", str(State(state).fault_file("vllm")),
        ),
        about="vLLM stand-in: the API and metrics of 0.32.0, no model behind it",
        listens=(_listen(ports.vllm),),
        ready_url=f"{_url(ports.vllm)}/health",
    )  # fmt: skip


def _load(state: Path, ports: DemoPorts, python: str) -> Process:
    return Process(
        name="load",
        argv=(
            python, "-m", "ragpulse.demo.load",
            "--vllm", _url(ports.vllm), "--model", MODEL, "--api-key-file", str(vllm_key_file(state)),
            "--chroma", _url(ports.chroma), "--collection", COLLECTION,
            "--token-file", str(chroma_token_file(state)), "--token-header", CHROMA_TOKEN_HEADER,
            "--memory", _url(ports.memory),
        ),
        about="users: 45 s of more requests than the stand-in has slots, 15 s of few, over and over",
    )  # fmt: skip


def _receiver(state: Path, ports: DemoPorts, python: str) -> Process:
    return Process(
        name="receiver",
        argv=(
            python, "-m", "ragpulse.demo.receiver", "--port", str(ports.receiver),
            "--file", str(state / "notifications.jsonl"),
        ),
        about="takes notifications and shows the newest",
        listens=(_listen(ports.receiver),),
        ready_url=f"{_url(ports.receiver)}/healthz",
        look_url=f"{_url(ports.receiver)}/notifications",
    )  # fmt: skip


def _listen(port: int) -> Listen:
    return Listen(_HOST, port, SETTING)


def _url(port: int) -> str:
    return f"http://{_HOST}:{port}"
