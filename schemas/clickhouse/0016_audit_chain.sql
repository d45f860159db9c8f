-- Every audit row names the hash of the row before it and its own. Rows from before have none: the chain's first row says
-- how many they are and their digest.
ALTER TABLE {db}.audit {on_cluster}
    ADD COLUMN IF NOT EXISTS cluster_name LowCardinality(String) AFTER cluster,
    ADD COLUMN IF NOT EXISTS prev_hash String CODEC(NONE),
    ADD COLUMN IF NOT EXISTS hash String CODEC(NONE);

-- Rows are read by number from either end.
ALTER TABLE {db}.audit {on_cluster} ADD INDEX IF NOT EXISTS audit_seq seq TYPE minmax GRANULARITY 1;

-- What hubs have vouched for, signed.
CREATE TABLE IF NOT EXISTS {db}.audit_checkpoints {on_cluster}
(
    at    DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    seq   UInt64,
    hash  String CODEC(NONE),
    key   LowCardinality(String),
    note  String CODEC(ZSTD(1))
)
ENGINE = {engine:MergeTree}
ORDER BY (seq, at)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
