"""From a cluster file and what Prometheus and Alertmanager say now to everything that the page shows.

Both are asked at the same time and have three seconds. One question that Prometheus leaves unanswered makes everything
unknown, with the reason; an Alertmanager that does not answer costs only what it alone knows. Errors: none.
"""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from ragpulse.inventory import Cluster
from ragpulse.overview import beside
from ragpulse.overview.alertmanager_api import AlertmanagerApi
from ragpulse.overview.alerts import alerts
from ragpulse.overview.answers import ask
from ragpulse.overview.banner import banner
from ragpulse.overview.budgets import budgets
from ragpulse.overview.causes import with_causes
from ragpulse.overview.components import components
from ragpulse.overview.facts import Beside, Overview
from ragpulse.overview.http_json import Unavailable
from ragpulse.overview.notifications import newest
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.overview.verdict import verdicts

TIMEOUT = 3.0

T = TypeVar("T")


async def collect(
    cluster: Cluster,
    prometheus: PrometheusApi,
    alertmanager: AlertmanagerApi,
    notifications: Path | None,
    now: float,
    *,
    runbooks: frozenset[str] = frozenset(),
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - bounds both questions separately
) -> Overview:
    """`runbooks`: the alerts for which this server has a page."""
    (
        (answers, problem),
        (known, alertmanager_problem),
        (announced, _),
        (stands_beside, beside_problem),
    ) = await asyncio.gather(
        _or_reason(ask(cluster, prometheus, now), "Prometheus", timeout),
        _or_reason(alertmanager.alerts(), "Alertmanager", timeout),
        _or_reason(alertmanager.announced(), "Alertmanager", timeout),
        _or_reason(beside.ask(cluster, prometheus, now), "Prometheus", timeout),
    )
    left = budgets(cluster, stands_beside.spent) if stands_beside else {}
    found = components(cluster, answers, problem)
    active = alerts(answers.rules if answers else None, problem, known, alertmanager_problem, runbooks)
    judged = with_causes(cluster, verdicts(cluster, answers, problem, left), found, active.shown, now)
    return Overview(
        cluster=cluster.name,
        now=now,
        problem=problem,
        banner=banner(judged, found, active, problem, announced or ()),
        objectives=judged,
        components=found,
        alerts=active,
        beside=Beside(beside_problem, *((stands_beside.changes, stands_beside.curves) if stands_beside else ())),
        notifications=await asyncio.to_thread(newest, notifications) if notifications else None,
    )


async def _or_reason(answer: Awaitable[T], who: str, seconds: float) -> tuple[T | None, str]:
    try:
        async with asyncio.timeout(seconds):
            return await answer, ""
    except TimeoutError:
        return None, f"{who} cannot be asked: no answer within {seconds:g} s"
    except Unavailable as reason:
        return None, f"{who} cannot be asked: {reason}"
