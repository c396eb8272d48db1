"""Links of this node, and the way to its peers on each network tier."""

from ragpulse.metric import counter, gauge, histogram

# Why a peer was not reached. `deadline`: our own run was cut.
PEER_FAILURE_REASONS = ("timeout", "unreachable", "deadline")

LINK_SPEED = gauge("ragpulse_network_link_speed_bytes_per_second", "Negotiated speed of a link.", "interface", "tier")
LINK_UP = gauge("ragpulse_network_link_up", "1 when the interface is up with a carrier.", "interface", "tier")
LINK_MTU = gauge("ragpulse_network_link_mtu_bytes", "Largest packet of an interface.", "interface", "tier")
RECEIVED = counter("ragpulse_network_received_bytes_total", "Bytes received.", "interface", "tier")
SENT = counter("ragpulse_network_sent_bytes_total", "Bytes sent.", "interface", "tier")
ERRORS = counter(
    "ragpulse_network_errors_total", "Packets damaged on the way in or out.", "interface", "tier", "direction"
)
DROPPED = counter(
    "ragpulse_network_dropped_total", "Packets dropped on the way in or out.", "interface", "tier", "direction"
)
PEER_DURATION = histogram(
    "ragpulse_network_probe_duration_seconds", "Time to open a TCP connection to a peer on a tier.", "peer", "tier"
)
PEER_FAILURES = counter(
    "ragpulse_network_probe_failures_total", "Connections to a peer that failed.", "peer", "tier", "reason"
)
