"""One GPU to be asked: what it says, and None for what cannot be said. Once it says that it is lost, it counts as lost.

Source: nvidia-ml-py. Errors: NvmlError.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from exporters.nvml_error import ABSENT, LOST, NvmlError, reason_of

CHIP = 0  # nvmlTemperatureSensors_t


class Driver(Protocol):
    """What a GPU needs of NVML, which outlives any opening of it."""

    def handle(self, uuid: str) -> Any: ...
    def ask(self, function: str, *arguments: Any) -> Any: ...
    def held(self) -> AbstractContextManager[Any]: ...


@dataclass(eq=False)
class Gpu:
    """One GPU of one opening of NVML. `label` is its number, from the first time that it was seen."""

    nvml: Driver
    binding: Any
    label: str
    uuid: str
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def handle(self) -> Any:
        """Good for as long as NVML is held. Errors: NvmlError once it is not open, or without this GPU."""
        return self.nvml.handle(self.uuid)

    def ask(self, function: str, *arguments: Any) -> Any:
        """What `nvmlDevice<function>` says of this GPU; None when that cannot be said.

        Errors: NvmlError, `not_found` among them where a call uses that for "nothing new".
        """
        return self.ask_why(function, *arguments)[0]

    def ask_why(self, function: str, *arguments: Any) -> tuple[Any, str | None]:
        """As `ask`, with the reason for None: only `not_supported` is a property of the card."""
        call = getattr(self.binding, f"nvmlDevice{function}", None)
        if call is None:
            return None, "function_not_found"  # a binding older than the function
        with self.nvml.held():
            try:
                return call(self.handle, *arguments), None
            except self.binding.NVMLError as error:
                reason = reason_of(error)
                if reason in ABSENT:
                    return None, reason
                if reason in LOST:
                    self.lost.set()
                raise NvmlError(reason, f"nvmlDevice{function} of GPU {self.label}") from error
