"""The boards, from the question that is asked first to those that lead to the cause."""

from dashboards import inference, machines, monitoring, network, node, objectives, overview, retrieval
from dashboards.panel import Board

BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    objectives.BOARD,
    inference.BOARD,
    machines.BOARD,
    retrieval.BOARD,
    network.BOARD,
    node.BOARD,
    monitoring.BOARD,
)
