"""One run of a source that may give only a part of what it should."""

from exporters.source import PartError, Source
from ragpulse.metric import series


def given(source: Source) -> tuple[dict[str, float], str | None]:
    """Series → value, the prefix `ragpulse_` left out, of what came; and what was missing."""
    found: dict[str, float] = {}
    try:
        for sample in source.read():
            found[series(sample).removeprefix("ragpulse_")] = sample.value
    except PartError as error:
        return found, str(error)
    return found, None
