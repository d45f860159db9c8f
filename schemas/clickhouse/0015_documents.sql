-- What members' API servers say of themselves, discovery and OpenAPI, byte for byte and once for all clusters that say the
-- same. Packed by the collector.
CREATE TABLE IF NOT EXISTS {db}.documents {on_cluster}
(
    sha256    String CODEC(NONE),
    gzip      String CODEC(NONE),
    stored_at DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree(stored_at)}
ORDER BY sha256
SETTINGS index_granularity = 16, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Which of them each member has now, in one row: all are of one moment.
CREATE TABLE IF NOT EXISTS {db}.cluster_documents {on_cluster}
(
    cluster       LowCardinality(String),
    ver           UInt64,
    paths         Array(String) CODEC(ZSTD(1)),
    content_types Array(LowCardinality(String)),
    sha256s       Array(String) CODEC(ZSTD(1)),
    reasons       Array(String) CODEC(ZSTD(1)),
    changed_at    DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree(ver)}
ORDER BY cluster
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
