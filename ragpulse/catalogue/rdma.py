"""RDMA ports of this node (RoCE, InfiniBand): what passes the kernel by, held back or lost."""

from ragpulse.metric import counter, gauge

# What tells of packets that were lost on the way: the names that the kernel's files have.
LOSS_SIGNS = ("out_of_sequence", "packet_seq_err", "roce_adp_retrans", "local_ack_timeout_err")
ERROR_KINDS = ("port_rcv_errors", "symbol_error", "link_downed")

PORT_INFO = gauge(
    "ragpulse_rdma_port_info", "RDMA ports and the interface that each shares; always 1.",
    "port", "tier", "interface", "link_layer",
)  # fmt: skip
PORT_UP = gauge("ragpulse_rdma_port_up", "1 when the port is active: it can carry traffic.", "port", "tier")
LINK_UP = gauge("ragpulse_rdma_physical_link_up", "1 when the port has a physical link.", "port", "tier")
SPEED = gauge("ragpulse_rdma_speed_bytes_per_second", "Negotiated rate of an active port.", "port", "tier")
RECEIVED = counter("ragpulse_rdma_received_bytes_total", "Bytes received by RDMA.", "port", "tier")
SENT = counter("ragpulse_rdma_sent_bytes_total", "Bytes sent by RDMA.", "port", "tier")
SENT_PACKETS = counter("ragpulse_rdma_sent_packets_total", "Packets sent by RDMA.", "port", "tier")
SEND_WAITS = counter(
    "ragpulse_rdma_send_waits_total",
    "Ticks of the port in which it had something to send and could not.",
    "port",
    "tier",
)
CONGESTION = counter(
    "ragpulse_rdma_congestion_notifications_total",
    "Notifications of congestion: sent to who fills the network, and obeyed (handled) as the one who does.",
    "port", "tier", "direction",
)  # fmt: skip
LOSSES = counter(
    "ragpulse_rdma_losses_total",
    "Signs of packets that were lost and are sent again, by the kernel's counter.",
    "port", "tier", "kind",
)  # fmt: skip
ERRORS = counter("ragpulse_rdma_errors_total", "Faults of a port, by the kernel's counter.", "port", "tier", "kind")
