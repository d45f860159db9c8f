-- Events as the member's API has them, redacted, for each revision.
ALTER TABLE {db}.events {on_cluster} ADD COLUMN IF NOT EXISTS object String CODEC(ZSTD(1));
ALTER TABLE {db}.events {on_cluster} ADD INDEX IF NOT EXISTS i_ver ver TYPE minmax GRANULARITY 1;

-- Which events a member has now, or had last: events keeps what was seen of them for longer than the member does. revision is
-- the version of the newest row in events, since that of the first, ver of what was told last. A row without uid says that
-- up to its version every event of the cluster is here.
CREATE TABLE IF NOT EXISTS {db}.current_events {on_cluster}
(
    cluster          LowCardinality(String),
    namespace        LowCardinality(String),
    name             String CODEC(ZSTD(1)),
    uid              String CODEC(ZSTD(1)),
    resource_version String CODEC(ZSTD(1)),
    ver              UInt64 CODEC(Delta(8), ZSTD(1)),
    revision         UInt64 CODEC(Delta(8), ZSTD(1)),
    since            UInt64 CODEC(Delta(8), ZSTD(1)),
    state            Enum8('here' = 0, 'gone' = 1, 'listed' = 2),
    type             LowCardinality(String),
    reason           LowCardinality(String),
    regarding_kind   LowCardinality(String),
    regarding_name   String CODEC(ZSTD(1)),
    regarding_uid    String CODEC(ZSTD(1)),
    observed_at      DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX i_ver ver TYPE minmax GRANULARITY 1
)
ENGINE = {engine:ReplacingMergeTree(ver)}
ORDER BY (cluster, namespace, name, uid)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
