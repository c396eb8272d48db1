"""What the board asks of stores, memories, paths and backups. All of it is of services, wherever it was measured."""

from dashboards.queries import any_of
from ragpulse.catalogue import backup, chroma, chroma_recall, memory, rag, service
from ragpulse.golden import NEAREST
from ragpulse.metric import Metric
from ragpulse.promql import Matcher, Pattern, growth, instant, quantile, rate

_CLUSTER = Pattern("$cluster")
_WINDOW = "$__rate_interval"
_DAY = 86_400.0
_WEEK = 7 * _DAY
_MOST_COLLECTIONS = 10  # so many a person can tell apart


def latency(share: float, names: tuple[str, ...]) -> str:
    return quantile(service.DURATION, share, _WINDOW, "service, check", cluster=_CLUSTER, service=names)


def failures(names: tuple[str, ...]) -> str:
    failed = rate(service.FAILURES, _WINDOW, cluster=_CLUSTER, service=names)
    return any_of(f"sum by (service, check, reason) ({failed})", "service")


def worst_recall(stores: int, enough: float) -> str:
    """Below `enough` in any case, else only while each of the stores is asked."""
    found = of_service(chroma_recall.RECALL, k=str(NEAREST))
    return f"min({found}) < {enough:g} or min({found}) and on () count({found}) == {stores}"


def of_service(metric: Metric, **labels: Matcher) -> str:
    """A reading of a service: the agents that look at the same one say the same."""
    names = ", ".join(label for label in metric.labels if label not in labels)
    return f"max by ({names}) ({instant(metric, cluster=_CLUSTER, **labels)})"


def largest_collections() -> str:
    return f"topk({_MOST_COLLECTIONS}, {of_service(chroma.COLLECTION_RECORDS)})"


def cold_queries() -> str:
    return f"sum by (service) ({rate(chroma.COLD_QUERIES, _WINDOW, cluster=_CLUSTER)})"


def disk_left() -> str:
    return f"{of_service(chroma.FILESYSTEM_AVAILABLE)} / {of_service(chroma.FILESYSTEM_SIZE)}"


def disk_days_left() -> str:
    """As the last week went; nothing where the room grows."""
    shrinking = f"(0 - {growth(chroma.FILESYSTEM_AVAILABLE, _WEEK, cluster=_CLUSTER)}) > 0"
    return f"min by (service) ({instant(chroma.FILESYSTEM_AVAILABLE, cluster=_CLUSTER)} / ({shrinking})) / {_DAY:g}"


def readable_after(share: float) -> str:
    return quantile(memory.READABLE_AFTER, share, _WINDOW, "service", cluster=_CLUSTER)


def stage_time(share: float) -> str:
    return quantile(rag.STAGE_DURATION, share, _WINDOW, "service, stage", cluster=_CLUSTER)


def stage_failures() -> str:
    failed = rate(rag.STAGE_FAILURES, _WINDOW, cluster=_CLUSTER)
    return any_of(f"sum by (service, stage, reason) ({failed})", "service")


def first_token(share: float) -> str:
    return quantile(rag.FIRST_TOKEN, share, _WINDOW, "service", cluster=_CLUSTER)


def backups() -> str:
    return _of_backup(backup.LAST_SUCCESS)


def backup_age(metric: Metric) -> str:
    """Seconds since a moment; nothing where there never was one."""
    return f"time() - ({_of_backup(metric)} > 0)"


def backup_overdue() -> str:
    """Of the time that may lie between two backups."""
    return f"({backup_age(backup.LAST_SUCCESS)}) / {_of_backup(backup.INTERVAL)}"


def backup_reading(metric: Metric, **labels: Matcher) -> str:
    return _of_backup(metric, **labels)


def repository_left() -> str:
    return f"{_of_backup(backup.REPOSITORY_FREE)} / {_of_backup(backup.REPOSITORY_FILESYSTEM)}"


def sizes() -> str:
    return f"max by (backup, kind) ({instant(backup.SIZE, cluster=_CLUSTER)})"


def durations() -> str:
    return f"max by (backup, operation) ({instant(backup.DURATION, cluster=_CLUSTER)})"


def _of_backup(metric: Metric, **labels: Matcher) -> str:
    return f"max by (backup) ({instant(metric, cluster=_CLUSTER, **labels)})"
