"""Every GPU asked in its turn: one that cannot be read costs the others nothing."""

from collections.abc import Callable, Iterable, Iterator

from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu
from exporters.source import PartError
from ragpulse.metric import Sample


def each(gpus: Iterable[Gpu], read: Callable[[Gpu], Iterable[Sample]]) -> Iterator[Sample]:
    """Errors: PartError at the end when one of several GPUs could not be read; NvmlError when none could."""
    errors: list[NvmlError] = []
    asked = 0
    for gpu in gpus:
        asked += 1
        try:
            samples = list(read(gpu))
        except NvmlError as error:
            errors.append(error)
        else:
            yield from samples
    raise_for(errors, asked)


def raise_for(errors: list[NvmlError], asked: int) -> None:
    """Errors: as `each`."""
    if not errors:
        return
    if len(errors) == asked:
        raise errors[0]
    others = f" (and {len(errors) - 1} more)" if errors[1:] else ""
    raise PartError(f"{errors[0]}{others}")
