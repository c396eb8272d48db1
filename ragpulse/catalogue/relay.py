"""The adapter of notifications: whom could it tell, whom not, and what still waits?

Shown by the adapter of a monitoring node, not by an agent.
"""

from ragpulse.metric import counter, gauge

RESULTS = ("delivered", "dead_letter", "repeated")
REASONS = (
    "unreachable",
    "timeout",
    "tls",
    "broken",
    "rate_limited",
    "server_error",
    "refused",
    "redirected",
    "secret",
    "unknown_receiver",
)

MESSAGES = counter(
    "ragpulse_relay_messages_total",
    "Messages by what became of them: delivered, given up (dead_letter), or one that had been accepted before"
    " (repeated).",
    "receiver",
    "result",
)
RETRIES = counter(
    "ragpulse_relay_retries_total", "Attempts that failed and are made again, by reason.", "receiver", "reason"
)
QUEUE = gauge("ragpulse_relay_queue_messages", "Messages that wait to be delivered.", "receiver")
LAST_SUCCESS = gauge(
    "ragpulse_relay_last_success_timestamp_seconds",
    "Unix time of the last message that was delivered; 0 when none was since the adapter started.",
    "receiver",
)
