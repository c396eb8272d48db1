"""What was announced: while somebody works on a service, nobody is told of it and its events are not counted."""

from ragpulse.metric import gauge

MAINTENANCE = gauge(
    "ragpulse_maintenance",
    "1 while work on a service, or on what it needs, is announced to Alertmanager.",
    "service",
)
