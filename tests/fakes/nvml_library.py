"""The unmodified binding over a simulated libnvidia-ml: `nvml_library` hands out libraries, one at a time.

A test changes what the machine does through the library (`lose`, `hang`, `fail`, `plug`, `send`, `set_load`); see
ragpulse/demo/gpu/library.py. Afterwards the binding is as it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pynvml
import pytest

from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named

_STATE = ("nvmlLib", "_nvmlLib_refcount")
Begin = Callable[..., NvmlLibrary]


@contextmanager
def binding_over(library: Any) -> Iterator[Any]:
    """The binding, which loads nothing but finds `library` loaded."""
    before = {name: getattr(pynvml, name) for name in _STATE}
    pointers = dict(pynvml._nvmlGetFunctionPointer_cache)
    try:
        install(library)
        yield pynvml
    finally:
        for name, value in before.items():
            setattr(pynvml, name, value)
        pynvml._nvmlGetFunctionPointer_cache.clear()
        pynvml._nvmlGetFunctionPointer_cache.update(pointers)


def install(library: Any) -> None:
    pynvml.nvmlLib = library
    pynvml._nvmlLib_refcount = 0
    pynvml._nvmlGetFunctionPointer_cache.clear()


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def nvml_library() -> Iterator[Begin]:
    """`begin(scenario, clock)`: a name or what a file holds; the library that the binding calls from then on."""
    made: list[NvmlLibrary] = []

    def begin(scenario: str | Scenario, clock: Callable[[], float]) -> NvmlLibrary:
        library = NvmlLibrary(named(scenario) if isinstance(scenario, str) else scenario, clock)
        made.append(library)
        install(library)
        return library

    with binding_over(None):
        yield begin
        for library in made:
            library.let_all_go()
