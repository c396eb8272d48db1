"""ChromaDB: what it stores and whether it guards it."""

from ragpulse.metric import gauge

INFO = gauge(
    "ragpulse_chroma_info",
    "Version and storage engine of a Chroma server; always 1. A server that says 1.0.0 may be any 1.x.",
    "service",
    "version",
    "storage",
)
AUTH_ENFORCED = gauge(
    "ragpulse_chroma_auth_enforced", "1 when a request without a token is refused, 0 when it is served.", "service"
)
COLLECTIONS = gauge("ragpulse_chroma_collections", "Collections in the database.", "service")
COLLECTION_RECORDS = gauge("ragpulse_chroma_collection_records", "Records of a collection.", "service", "collection")
