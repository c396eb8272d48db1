"""Within which time must a service answer, and by which of its checks is that judged?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragpulse.services import AnyService
    from ragpulse.targets import ResponseTime

PATH = "path"  # the check of a RAG path


def response_limit(target: ResponseTime | None, service: AnyService) -> tuple[str, float] | None:
    """Check and seconds; None for a service of which nothing is promised. A path has a time of its own: what holds for
    one request to one service does not hold for all of them in turn, with an answer generated at the end.
    """
    if target is None:
        return None
    if service.kind == "rag" and service.within is not None:
        return PATH, service.within
    check = target.of.get(service.kind)
    return None if check is None else (check, target.below)
