-- What of each stream is durable. The newest row of (cluster, stream) by (epoch, batch_seq) is the cursor.
CREATE TABLE IF NOT EXISTS {db}.ingest_ledger {on_cluster}
(
    cluster      LowCardinality(String),
    stream       LowCardinality(String),
    epoch        UInt64,
    batch_seq    UInt64,
    last_seq     UInt64,
    rows         UInt32,
    committed_at DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree(committed_at)}
ORDER BY (cluster, stream, epoch, batch_seq)
TTL toDateTime(committed_at) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- Which kinds each member serves and how collection of each stands.
-- state: syncing, synced, failing, gone, excluded.
CREATE TABLE IF NOT EXISTS {db}.resource_states {on_cluster}
(
    cluster     LowCardinality(String),
    api_group   LowCardinality(String),
    resource    LowCardinality(String),
    ver         UInt64,
    api_version LowCardinality(String),
    kind        LowCardinality(String),
    namespaced  UInt8,
    short_names Array(String),
    state       LowCardinality(String),
    reason      String,
    objects     UInt64,
    changed_at  DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree(ver)}
ORDER BY (cluster, api_group, resource)
SETTINGS non_replicated_deduplication_window = 10000;
