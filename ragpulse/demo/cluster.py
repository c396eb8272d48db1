"""The demo's cluster file and its secrets: two nodes of which both are this machine, and services on the first.

The file is only a text here: whoever starts the demo writes it, once everything was judged.
"""

import json
import secrets
from pathlib import Path

from ragpulse import atomic
from ragpulse.demo.ports import DemoPorts

MODEL = "stand-in"
COLLECTION = "documents"
CHROMA_TOKEN_HEADER = "X-Chroma-Token"

_TEMPLATE = """\
# The demo of ragpulse, written anew by each start of it: edit a copy, not this file.
#
# Both nodes are this one machine: alpha is 127.0.0.1 and beta is 127.0.0.2. Their two agents read the same CPU
# and memory, so every number about a node stands there twice. What they know of each other is real: all services
# live on alpha, therefore beta probes them over the network, as one node of a true cluster probes the other. Each has
# a simulated GPU, of a DGX Spark, which is as busy as the stand-in for vLLM: no number about GPUs was measured.
cluster: demo
note: "This is a demo: both agents read one machine; vLLM is a stand-in; GPU numbers are simulated."

nodes:
  alpha: {{address: 127.0.0.1, port: {agent}}}
  beta:  {{address: 127.0.0.2, port: {agent}}}

services:
  vllm:                           # a stand-in: it speaks vLLM's API and counts what it serves; its text means nothing
    kind: vllm
    nodes: [alpha]
    url: http://127.0.0.1:{vllm}
    model: {model}
    api_key_file: {vllm_key}
  chroma:                         # a real ChromaDB 0.5.23 with token authentication
    kind: chroma
    nodes: [alpha]
    url: http://127.0.0.1:{chroma}
    token_file: {chroma_token}
    token_header: {token_header}
    token_prefix: ""
    data_dir: {chroma_data}
    read_database: true
    query: {{collection: {collection}}}
    canary: {{every: 10s}}          # its golden set was written by `ragpulse canary init`
  memory:                         # a small memory service over SQLite
    kind: memory
    nodes: [alpha]
    url: http://127.0.0.1:{memory}
    preset: generic
    health: {{path: /health, json_field: status, ok_values: [healthy]}}
    ready:  {{path: /ready, json_field: status, ok_values: [ready]}}
    search: {{path: /search, method: POST, json: {{query: retention of backups, limit: 3}}, json_field: success, ok_values: [true]}}
    gauges: {{entries: entries, database_bytes: database_bytes, uptime_seconds: uptime_seconds}}   # of the ready page
    roundtrip:                    # a memory is written, read back and deleted
      enabled: true
      every: 5m
      write: {{path: /memories, json: {{content: "{{nonce}}", tags: [ragpulse-probe]}}, json_field: success, ok_values: [true], id_field: id}}
      read: {{path: "/memories/{{id}}"}}
      delete: {{path: "/memories/{{id}}"}}
      leftovers: {{path: "/memories?tag=ragpulse-probe", list_field: results, id_field: id, text_field: content}}

  rag:                            # from a question to its answer, through all three
    kind: rag
    nodes: [alpha]
    depends_on: [chroma, memory, vllm]
    every: 15s                    # half the usual, as everything here

monitoring:
  nodes: [alpha]
  scrape_interval: 5s             # half the usual, so that a fault shows while somebody watches
  retention: 2d
  ports: {{overview: {overview}, receiver: {receiver}, prometheus: {prometheus}, alertmanager: {alertmanager}}}

targets:                          # all others as everywhere; docs/configuration-documentation.md lists them
  availability: {{objective: 0.999, window: 1d}}   # no longer than its numbers are kept
  throughput: {{at_least: 100 tokens/s, tokens: generated, objective: 0.95}}   # a stand-in on a laptop

notify:
  receivers:
    desk: {{kind: webhook, url: http://127.0.0.1:{receiver}/notifications}}
  page: [desk]
  ticket: [desk]
"""  # noqa: E501 - lines of a YAML file


def vllm_key_file(state: Path) -> Path:
    return state / "secrets" / "vllm"


def chroma_token_file(state: Path) -> Path:
    return state / "secrets" / "chroma"


def chroma_data(state: Path) -> Path:
    return state / "data" / "chroma"


def keep_secrets(state: Path) -> None:
    """Makes those that are missing. Those of an earlier start stay, so that what runs on stays reachable.

    Errors: OSError when the state folder cannot be written.
    """
    for file in (vllm_key_file(state), chroma_token_file(state)):
        _keep_secret(file)


def _keep_secret(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    if file.exists() and file.stat().st_size:
        file.chmod(0o600)
    else:
        # No line end: Chroma takes the whole line of its file, end included, as the token.
        atomic.write(file, secrets.token_urlsafe(32), mode=0o600)


def cluster_text(state: Path, ports: DemoPorts) -> str:
    state = state.absolute()
    return _TEMPLATE.format(
        agent=ports.agent,
        overview=ports.overview,
        receiver=ports.receiver,
        prometheus=ports.prometheus,
        alertmanager=ports.alertmanager,
        vllm=ports.vllm,
        chroma=ports.chroma,
        memory=ports.memory,
        model=MODEL,
        collection=COLLECTION,
        token_header=CHROMA_TOKEN_HEADER,
        vllm_key=_quoted(vllm_key_file(state)),
        chroma_token=_quoted(chroma_token_file(state)),
        chroma_data=_quoted(chroma_data(state)),
    )


def _quoted(path: Path) -> str:
    """A JSON string is a YAML string, whatever characters the folder's name has."""
    return json.dumps(str(path), ensure_ascii=False)
