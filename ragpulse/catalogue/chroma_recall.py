"""ChromaDB: does a query find what is nearest? Asked with queries whose exact answers are known."""

from ragpulse.metric import gauge

CHECK = "recall"
# `asked`: the queries were put; what they found is the recall. All else is a recall of 0 and says why: there is no such
# collection (`missing`), one that is not ours (`foreign`), one without a vector (`empty`), one of other vectors
# (`changed`), or its index fails while the database answers (`damaged`).
ASKED, DAMAGED = "asked", "damaged"
NOT_THERE = ("missing", "foreign", "empty", "changed")
STATES = (ASKED, *NOT_THERE, DAMAGED)

RECALL = gauge(
    "ragpulse_chroma_recall_ratio",
    "Share of the k exact nearest neighbours that were among the first k found, over all golden queries.",
    "service",
    "k",
)
RANK_DRIFT = gauge(
    "ragpulse_chroma_rank_drift_places",
    "Places by which the exact nearest neighbours that were found stood elsewhere than they should, on average.",
    "service",
)
DISTANCE_DRIFT = gauge(
    "ragpulse_chroma_distance_drift_ratio",
    "Largest error of a distance that was told for an exact neighbour, relative to the mean of the exact distances.",
    "service",
)
STATE = gauge("ragpulse_chroma_canary_state", "What became of the golden queries: 1 for that.", "service", "state")
