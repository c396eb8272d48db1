"""Every service alike: does it answer, can it do its work, how fast, and whose fault is it when not?"""

from ragpulse.metric import counter, gauge, histogram

# Why a probe failed. No answer came: `timeout`, `connect`, `tls` (certificate or handshake). One came, the service
# lives: `auth` (the credentials are wrong), `redirect`, `http_4xx`, `http_5xx`, `too_large`, `invalid` (not of the form
# that it must have), `mismatch` (not what the cluster file expects). `deadline`: our own run was cut.
REASONS = (
    "timeout", "connect", "tls", "auth", "redirect", "http_4xx", "http_5xx", "too_large", "invalid", "mismatch",
    "deadline",
)  # fmt: skip

UP = gauge("ragpulse_service_up", "1 when the service answered the last probe.", "service")
READY = gauge("ragpulse_service_ready", "1 when the service could do its work at the last probe.", "service")
REQUESTS = counter("ragpulse_probe_requests_total", "Probe requests made.", "service", "check")
FAILURES = counter(
    "ragpulse_probe_failures_total", "Probe requests that failed, by reason.", "service", "check", "reason"
)
WITHIN_TARGET = counter(
    "ragpulse_probe_within_target_total",
    "Probe requests that succeeded within the response-time target of their check.",
    "service",
    "check",
)
DURATION = histogram("ragpulse_probe_duration_seconds", "Duration of successful probe requests.", "service", "check")
CERTIFICATE_EXPIRES = gauge(
    "ragpulse_service_certificate_expiry_timestamp_seconds",
    "When the first certificate of the chain that a service showed ends, in Unix time.",
    "service",
)
NODE_INFO = gauge(
    "ragpulse_service_node_info", "Nodes on which a service lives, one series each; always 1.", "service", "node_name"
)
