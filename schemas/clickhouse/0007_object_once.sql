-- The JSON of an object stands once, in resource_history, which always keeps the current version; resources is the
-- narrow table of what is current. Whoever needs JSON asks history by (key, ver).
--
-- New columns are derived by internal/kube.Summarize; `derived` is the number of that derivation: rows of an older one
-- are written anew when the member lists its objects the next time, in every start of a collector.
ALTER TABLE {db}.resources {on_cluster}
    ADD COLUMN IF NOT EXISTS conditions Map(LowCardinality(String), LowCardinality(String)) AFTER owner_refs,
    ADD COLUMN IF NOT EXISTS containers Array(LowCardinality(String)) AFTER conditions,
    ADD COLUMN IF NOT EXISTS ips Array(String) CODEC(ZSTD(1)) AFTER containers,
    ADD COLUMN IF NOT EXISTS service_account LowCardinality(String) AFTER ips,
    ADD COLUMN IF NOT EXISTS uses Array(String) CODEC(ZSTD(1)) AFTER service_account,
    ADD COLUMN IF NOT EXISTS traits Array(LowCardinality(String)) AFTER uses,
    ADD COLUMN IF NOT EXISTS derived UInt16 AFTER digest;

-- History is copied into a new table, since the size of granules cannot be altered. The copy may begin again after a
-- crash at any statement: what is copied has the old columns, before and after the exchange.
--
-- index_granularity_bytes: a point read decompresses one granule. With 10 MiB, the default, that was 1024 objects.
-- changed_by and changed_paths are of the version itself, last_changed_by and last_changed_paths of the last meaningful
-- one at that time: what resources has for the current version.
DROP TABLE IF EXISTS {db}.resource_history_0007 {on_cluster} SYNC;

CREATE TABLE {db}.resource_history_0007 {on_cluster}
(
    cluster          LowCardinality(String),
    api_group        LowCardinality(String),
    resource         LowCardinality(String),
    namespace        LowCardinality(String),
    name             String CODEC(ZSTD(1)),
    ver              UInt64 CODEC(Delta(8), ZSTD(1)),
    op               Enum8('snapshot' = 0, 'add' = 1, 'update' = 2, 'delete' = 3),
    meaningful       UInt8,
    previous_ver     UInt64 CODEC(Delta(8), ZSTD(1)),
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
    conditions       Map(LowCardinality(String), LowCardinality(String)),
    containers       Array(LowCardinality(String)),
    ips              Array(String) CODEC(ZSTD(1)),
    service_account  LowCardinality(String),
    uses             Array(String) CODEC(ZSTD(1)),
    traits           Array(LowCardinality(String)),
    tokens           Array(String) CODEC(ZSTD(1)),
    changed_by       LowCardinality(String),
    changed_paths    Array(LowCardinality(String)),
    last_changed_by  LowCardinality(String),
    last_changed_paths Array(LowCardinality(String)),
    digest           String CODEC(ZSTD(1)),
    derived          UInt16,
    object           String CODEC(ZSTD(3)),
    INDEX i_feed (cluster, ver) TYPE minmax GRANULARITY 1
)
ENGINE = {engine:ReplacingMergeTree(ver)}
PARTITION BY toYYYYMM(observed_at)
ORDER BY (api_group, resource, cluster, namespace, name, ver)
SETTINGS index_granularity = 1024, index_granularity_bytes = 524288, non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1, fsync_part_directory = 1;

INSERT INTO {db}.resource_history_0007
    (cluster, api_group, resource, namespace, name, ver, op, meaningful, previous_ver, deleted, api_version, kind, uid, resource_version, generation, observed_at, created_at, changed_at, deleted_at, labels, annotations, app, status, health, ready, reasons, images, node, replicas, ready_replicas, restarts, owner_uids, owner_refs, tokens, changed_by, changed_paths, digest, object,
     last_changed_by, last_changed_paths)
SELECT h.cluster, h.api_group, h.resource, h.namespace, h.name, h.ver, h.op, h.meaningful, h.previous_ver, h.deleted, h.api_version, h.kind, h.uid, h.resource_version, h.generation, h.observed_at, h.created_at, h.changed_at, h.deleted_at, h.labels, h.annotations, h.app, h.status, h.health, h.ready, h.reasons, h.images, h.node, h.replicas, h.ready_replicas, h.restarts, h.owner_uids, h.owner_refs, h.tokens, h.changed_by, h.changed_paths, h.digest, h.object,
    if(r.ver = 0, h.changed_by, r.changed_by), if(r.ver = 0, h.changed_paths, r.changed_paths)
FROM {db}.resource_history AS h
LEFT ANY JOIN {db}.resources AS r ON h.cluster = r.cluster AND h.api_group = r.api_group AND h.resource = r.resource AND h.namespace = r.namespace AND h.name = r.name AND h.ver = r.ver
SETTINGS insert_deduplicate = 0, max_threads = 2, max_insert_threads = 1, min_insert_block_size_bytes = 67108864;

EXCHANGE TABLES {db}.resource_history AND {db}.resource_history_0007 {on_cluster};

DROP TABLE {db}.resource_history_0007 {on_cluster} SYNC;

ALTER TABLE {db}.resources {on_cluster} DROP COLUMN IF EXISTS object;
