-- Kubernetes events, every observed revision of each; reads keep the newest by (cluster, uid).
-- They outlive the API server's hour and the objects they are about.
CREATE TABLE IF NOT EXISTS {db}.events {on_cluster}
(
    cluster             LowCardinality(String),
    namespace           LowCardinality(String),
    name                String CODEC(ZSTD(1)),
    uid                 String CODEC(ZSTD(1)),
    resource_version    String CODEC(ZSTD(1)),
    ver                 UInt64 CODEC(Delta(8), ZSTD(1)),
    type                LowCardinality(String),
    reason              LowCardinality(String),
    action              LowCardinality(String),
    message             String CODEC(ZSTD(1)),
    source              LowCardinality(String),
    count               UInt32 CODEC(T64, ZSTD(1)),
    first_at            DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    last_at             DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    observed_at         DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    regarding_group     LowCardinality(String),
    regarding_kind      LowCardinality(String),
    regarding_namespace LowCardinality(String),
    regarding_name      String CODEC(ZSTD(1)),
    regarding_uid       String CODEC(ZSTD(1)),
    tokens              Array(String) CODEC(ZSTD(1)),
    INDEX i_regarding regarding_uid TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX i_last last_at TYPE minmax GRANULARITY 1
)
ENGINE = {engine:ReplacingMergeTree(ver)}
PARTITION BY toDate(last_at)
ORDER BY (cluster, namespace, regarding_kind, regarding_name, uid, ver)
TTL toDateTime(last_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
