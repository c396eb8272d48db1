"""What each memory service is asked, where the operator does not say otherwise: data, in the words of the cluster file.

Facts of each service's own: mcp-memory-service 12.2.0 was run, cognee 1.6.5 without its language model; the others are
from their sources and documents. A round trip stands only where its requests were tried. `auth` is filled in where the
operator writes one: a secret is nobody's default.
"""

from collections.abc import Mapping
from typing import Any, Literal

Preset = Literal["generic", "mcp-memory-service", "letta", "cognee", "graphiti", "redis-agent-memory", "mem0"]

TAG = "ragpulse-probe"

PRESETS: Mapping[str, dict[str, Any]] = {
    "generic": {"health": {"path": "/health", "send_auth": False}},
    "mcp-memory-service": {
        "auth": {"header": "X-API-Key", "prefix": ""},
        "health": {"path": "/api/health", "send_auth": False, "json_field": "status", "ok_values": ["healthy"]},
        "ready": {"path": "/api/health/detailed", "json_field": "storage.accessible", "ok_values": [True]},
        "gauges": {
            "entries": "storage.total_memories",
            "missing_embeddings": "statistics.missing_embeddings",
            "uptime_seconds": "uptime_seconds",
        },
        "roundtrip": {
            "write": {
                "path": "/api/memories",
                "json": {"content": "{nonce}", "tags": [TAG], "memory_type": "observation"},
                "json_field": "success",
                "ok_values": [True],
                "id_field": "content_hash",
            },
            "read": {"path": "/api/memories/{id}"},
            "delete": {"path": "/api/memories/{id}"},
            "leftovers": {
                "path": "/api/search/by-tag",
                "method": "POST",
                "json": {"tags": [TAG], "limit": 50},
                "list_field": "results",
                "id_field": "memory.content_hash",
                "text_field": "memory.content",
            },
        },
    },
    "letta": {
        # Without its last slash each of them is a redirect.
        "health": {"path": "/v1/health/", "send_auth": False, "json_field": "status", "ok_values": ["ok"]},
        "ready": {"path": "/v1/ready/", "json_field": "status", "ok_values": ["ok"]},
    },
    "cognee": {
        # Its /health asks the language model and the network, and takes seconds: that is readiness, not life.
        "health": {"path": "/", "send_auth": False},
        "ready": {"path": "/health", "send_auth": False, "json_field": "status", "ok_values": ["ready", "healthy"]},
    },
    "graphiti": {
        "health": {"path": "/healthcheck", "send_auth": False, "json_field": "status", "ok_values": ["healthy"]}
    },
    "redis-agent-memory": {
        # There is no word for "well" in its answer, only the time.
        "health": {
            "path": "/v1/health",
            "send_auth": False,
            "fresh": {"json_field": "now", "unit": "ms", "max_age": "60s"},
        }
    },
    "mem0": {
        # It has no route for health, and `/` is a redirect to this page.
        "auth": {"header": "X-API-Key", "prefix": ""},
        "health": {"path": "/docs", "send_auth": False},
    },
}  # fmt: skip
# Those whose store calls a language model: each one costs tokens, and is done some time after it was answered.
COSTS_TOKENS: frozenset[str] = frozenset({"cognee", "graphiti", "mem0"})

# What is sent, or looked for, is one value: nothing of the preset's is mixed into it.
_WHOLE = frozenset({"json"})


def filled(written: Mapping[str, Any]) -> dict[str, Any]:
    """A memory service as the file writes it, with what its preset says where the file says nothing.

    An unknown preset fills in nothing; whoever checks the file refuses it.
    """
    preset = written.get("preset", "generic")
    values = PRESETS.get(preset, {}) if isinstance(preset, str) else {}
    return _merged({key: value for key, value in values.items() if key != "auth" or "auth" in written}, written)


def _merged(preset: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    return {**preset, **{key: _one(key, preset.get(key), value) for key, value in written.items()}}


def _one(key: str, preset: Any, written: Any) -> Any:
    if key not in _WHOLE and isinstance(preset, dict) and isinstance(written, dict):
        return _merged(preset, written)
    return written
