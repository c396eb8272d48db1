"""Puts what a scenario answers where the binding wants it: into the arguments that it passed by reference.

The binding passes `byref(x)`, whose object is `x`, arrays of char for words, and plain numbers for what it asks about.
An answer may be a number (or one that follows the load), words, a list for several results, an object of a structure's
fields, an object by what was asked (`{"0": 41}`), `NVML_ERROR_...`, or null: not supported.
"""

import ctypes
import math
from collections.abc import Sequence
from typing import Any

from ragpulse.demo.gpu.load import Course, number
from ragpulse.demo.gpu.scenario import ERROR

SUCCESS, INVALID_ARGUMENT, NOT_SUPPORTED, INSUFFICIENT_SIZE, VERSION_MISMATCH = 0, 2, 3, 7, 25
_VERSION_BITS = 24  # of a versioned structure: its size; the bits above count the versions
_PLAIN_VERSIONS = 16  # below it a version is a count, without a size


class Refusal(Exception):  # noqa: N818 - an answer of the driver, not a fault of ours
    """An NVML call that does not succeed."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def code_of(name: str) -> int:
    """`NVML_ERROR_GPU_IS_LOST` → 15."""
    import pynvml  # noqa: PLC0415 - only the demo's agent and tests that use this have the binding in memory

    code: int = getattr(pynvml, name)
    return code


def plain(argument: Any) -> int:
    """A number as the binding passes it: bare, or as a C type."""
    return int(getattr(argument, "value", argument) or 0)


def target(argument: Any) -> Any:
    """What `byref(x)` points to: x."""
    return argument._obj  # noqa: SLF001 - the only way to it that ctypes has


def is_reference(argument: Any) -> bool:
    return hasattr(argument, "_obj")


def address(pointer: Any) -> int:
    """Of a pointer that the binding holds; 0 for one that points nowhere."""
    return ctypes.c_void_p.from_buffer(pointer).value or 0


def point(pointer: Any, to: int) -> None:
    ctypes.c_void_p.from_buffer(pointer).value = to


def whole(value: Any, load: Course, at: float) -> int:
    return math.floor(number(value, load, at) + 0.5)


def chosen(answer: Any, asked: Sequence[int]) -> Any:
    """The answer to what was asked. Errors: Refusal."""
    for key in asked:
        if isinstance(answer, dict) and answer and all(name.isdigit() for name in answer):
            answer = answer.get(str(key))
    if answer is None:
        raise Refusal(NOT_SUPPORTED)
    if isinstance(answer, str) and answer.startswith(ERROR):
        raise Refusal(code_of(answer))
    return answer


def parts(arguments: Sequence[Any]) -> tuple[tuple[int, ...], list[Any]]:
    """What is asked about, and where the answers go."""
    asked: list[int] = []
    outputs: list[Any] = []
    for argument in arguments:
        if isinstance(argument, ctypes.Array):
            outputs.append(argument)
        elif is_reference(argument):
            outputs.append(target(argument))
        elif not outputs:  # what follows an array of char is its length
            asked.append(plain(argument))
    return tuple(asked), outputs


def give(answer: Any, arguments: Sequence[Any], load: Course, at: float) -> int:
    """Errors: Refusal."""
    asked, outputs = parts(arguments)
    answer = chosen(answer, asked)
    results = answer if isinstance(answer, list) else [answer]
    for output, result in zip(outputs, results, strict=False):
        _fill(output, result, load, at)
    return SUCCESS


def _fill(output: Any, result: Any, load: Course, at: float) -> None:
    if isinstance(output, ctypes.Array):
        words = str(result).encode()
        if len(words) >= len(output):
            raise Refusal(INSUFFICIENT_SIZE)
        output.value = words
    elif isinstance(output, ctypes.Structure):
        _check_version(output)
        for name, value in result.items():
            setattr(output, name, value.encode() if isinstance(value, str) else whole(value, load, at))
    else:
        output.value = whole(result, load, at)


def _check_version(output: Any) -> None:
    version = getattr(output, "version", 0)
    if version >= _PLAIN_VERSIONS and version & ((1 << _VERSION_BITS) - 1) != ctypes.sizeof(output):
        raise Refusal(VERSION_MISMATCH)
