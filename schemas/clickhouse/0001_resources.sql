-- Objects of every member cluster: what they are now, and every version seen.
--
-- `cluster` is the identity of the member (UID of its kube-system namespace), never its name.
-- `ver` is epoch<<40 | seq of the one writer of (cluster, stream): it orders versions, clocks never do.
-- Typed columns are derived from `object` by internal/kube.Summarize at ingest and are what people filter on;
-- `object` is the redacted JSON, byte for byte.
-- Current state: key first by kind, since most questions name a kind and few name a cluster.
-- i_feed: the change feed asks (cluster = a AND ver > x) OR (cluster = b AND ver > y). Versions of different clusters
-- cannot be compared (epochs differ), so a minmax over ver alone would let every granule of the younger epochs through.
-- Granularity 1024: a point read decompresses one granule of objects.
CREATE TABLE IF NOT EXISTS {db}.resources {on_cluster}
(
    cluster          LowCardinality(String),
    api_group        LowCardinality(String),
    resource         LowCardinality(String),
    namespace        LowCardinality(String),
    name             String CODEC(ZSTD(1)),
    ver              UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted          UInt8,
    api_version      LowCardinality(String),
    kind             LowCardinality(String),
    uid              String CODEC(ZSTD(1)),
    resource_version String CODEC(ZSTD(1)),
    generation       Int64 CODEC(T64, ZSTD(1)),
    observed_at      DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    created_at       DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    changed_at       DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    deleted_at       DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    labels           Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    annotations      Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    app              LowCardinality(String),
    status           LowCardinality(String),
    health           LowCardinality(String),
    ready            LowCardinality(String),
    reasons          Array(LowCardinality(String)),
    images           Array(LowCardinality(String)),
    node             LowCardinality(String),
    replicas         Int64 CODEC(T64, ZSTD(1)),
    ready_replicas   Int64 CODEC(T64, ZSTD(1)),
    restarts         Int64 CODEC(T64, ZSTD(1)),
    owner_uids       Array(String) CODEC(ZSTD(1)),
    owner_refs       Array(String) CODEC(ZSTD(1)),
    tokens           Array(String) CODEC(ZSTD(1)),
    changed_by       LowCardinality(String),
    changed_paths    Array(LowCardinality(String)),
    digest           String CODEC(ZSTD(1)),
    object           String CODEC(ZSTD(3)),
    INDEX i_uid uid TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX i_owner owner_uids TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX i_label mapValues(labels) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_feed (cluster, ver) TYPE minmax GRANULARITY 1
)
ENGINE = {engine:ReplacingMergeTree(ver)}
ORDER BY (api_group, resource, cluster, namespace, name)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000;

-- Every observed version, for history, for the fleet at a past moment, and as the change feed.
-- Versions of one object sit side by side, so ZSTD sees them as near-diffs.
-- Replacing: a batch that was inserted twice in spite of its token collapses on (key, ver); reads do LIMIT 1 BY too.
-- op: 0 snapshot (first sight in a list), 1 add, 2 update, 3 delete.
CREATE TABLE IF NOT EXISTS {db}.resource_history {on_cluster} AS {db}.resources
ENGINE = {engine:ReplacingMergeTree(ver)}
PARTITION BY toYYYYMM(observed_at)
ORDER BY (api_group, resource, cluster, namespace, name, ver)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000;

ALTER TABLE {db}.resource_history {on_cluster}
    ADD COLUMN IF NOT EXISTS op Enum8('snapshot' = 0, 'add' = 1, 'update' = 2, 'delete' = 3) AFTER ver,
    ADD COLUMN IF NOT EXISTS meaningful UInt8 AFTER op,
    ADD COLUMN IF NOT EXISTS previous_ver UInt64 AFTER meaningful;
