"""A memory service in the cluster file."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from ragpulse.memory_presets import PRESETS, Preset, filled
from ragpulse.memory_requests import MemoryCheck
from ragpulse.memory_roundtrip import MemoryRoundTrip
from ragpulse.model import BaseUrl, Name
from ragpulse.service import Service
from ragpulse.service_auth import HeaderAuth


class Memory(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready", "search")

    kind: Literal["memory"]
    """a memory service over HTTP"""
    url: BaseUrl
    """base URL; the paths of the requests are added to it"""
    preset: Preset = "generic"
    """which service it is: fills in what is not written here; docs/memory.md shows what"""
    auth: HeaderAuth | None = None
    """how a request shows who it is from"""
    health: MemoryCheck = MemoryCheck(**PRESETS["generic"]["health"])
    """request that says whether it lives (default: as the preset has it; `generic`: `/health`, without `auth`)"""
    ready: MemoryCheck | None = None
    """request that says whether it can do its work (default: as the preset has it); `null`: `health` stands for it"""
    search: MemoryCheck | None = None
    """request that stands for its use"""
    gauges: dict[Name, str] = {}
    """numbers to keep: a name of yours and the dotted path in the answer to `ready`"""
    roundtrip: MemoryRoundTrip = MemoryRoundTrip()
    """writes a memory, reads it back and deletes it, now and then; only where it is enabled"""

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, written: Any) -> Any:
        return filled(written) if isinstance(written, dict) else written
