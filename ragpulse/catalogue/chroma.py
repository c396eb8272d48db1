"""ChromaDB: what it is doing, what it stores and where, what that takes, and whether it guards it."""

from ragpulse.metric import counter, gauge

STATES = (
    "serving", "slow", "locked", "unauthorized", "refusing", "disk_full", "data_moved", "hung", "down",
)  # fmt: skip
DATA_KINDS = ("sqlite", "wal", "hnsw", "leftover", "other")

INFO = gauge(
    "ragpulse_chroma_info",
    "Version and storage engine of a Chroma server; always 1. A server that says 1.0.0 may be any 1.x; storage is what"
    " its data folder was found to hold.",
    "service",
    "version",
    "storage",
)
STATE = gauge("ragpulse_chroma_state", "What Chroma is doing: 1 for the current state.", "service", "state")
AUTH_ENFORCED = gauge(
    "ragpulse_chroma_auth_enforced", "1 when a request without a token is refused, 0 when it is served.", "service"
)
PATH_EXPOSED = gauge(
    "ragpulse_chroma_path_exposed", "1 when a path is answered with 200 to who shows no token.", "service", "path"
)
COLLECTIONS = gauge("ragpulse_chroma_collections", "Collections in the database.", "service")
COLLECTION_RECORDS = gauge("ragpulse_chroma_collection_records", "Records of a collection.", "service", "collection")
COLLECTION_DIMENSION = gauge(
    "ragpulse_chroma_collection_dimension",
    "Numbers in one vector of a collection; no series for one that never held any.",
    "service",
    "collection",
)
RECORDS_GAINED = counter(
    "ragpulse_chroma_records_gained_total",
    "Records by which collections had grown from one look to the next.",
    "service",
)
RECORDS_LOST = counter(
    "ragpulse_chroma_records_lost_total",
    "Records by which collections had shrunk from one look to the next, deleted collections included.",
    "service",
)
COLLECTION_CHANGED = gauge(
    "ragpulse_chroma_collection_changed_timestamp_seconds",
    "Unix time at which the number of records of a collection was last seen to have changed.",
    "service",
    "collection",
)
COLD_QUERIES = counter(
    "ragpulse_chroma_cold_queries_total",
    "Queries of ours that met an index which was not loaded yet; no other figure of the check counts them.",
    "service",
)
COLD_QUERY_SECONDS = counter("ragpulse_chroma_cold_query_seconds_total", "Time that cold queries took.", "service")
DATA_BYTES = gauge("ragpulse_chroma_data_bytes", "Size of the files of the data folder, by kind.", "service", "kind")
DATA_CHANGED = gauge(
    "ragpulse_chroma_data_changed_timestamp_seconds",
    "Unix time at which the database file was last written.",
    "service",
)
HNSW_DIRECTORIES = gauge("ragpulse_chroma_hnsw_directories", "Folders of vector indexes on disk.", "service")
ORPHANED_DIRECTORIES = gauge(
    "ragpulse_chroma_orphaned_directories", "Folders of vector indexes that no collection uses any more.", "service"
)
ORPHANED_BYTES = gauge("ragpulse_chroma_orphaned_bytes", "What the orphaned folders take.", "service")
WAL_BACKLOG = gauge(
    "ragpulse_chroma_wal_backlog_records",
    "Records in its log (embeddings_queue) that it reads again at a start; counted up to 100 000.",
    "service",
)
FREE_BYTES = gauge(
    "ragpulse_chroma_database_free_bytes",
    "Room in the database file itself that deletions have left; it is used again and never given back.",
    "service",
)
FILESYSTEM_AVAILABLE = gauge(
    "ragpulse_chroma_filesystem_available_bytes", "Room on the file system of the data folder.", "service"
)
FILESYSTEM_SIZE = gauge("ragpulse_chroma_filesystem_bytes", "Size of the file system of the data folder.", "service")
PROCESS_MEMORY = gauge(
    "ragpulse_chroma_process_memory_bytes", "Resident memory of the process that has the database open.", "service"
)
PROCESS_STARTED = gauge(
    "ragpulse_chroma_process_start_timestamp_seconds", "When that process started, in Unix time.", "service"
)
