-- Who did what through Foretop: one row per decision and per target result. Never updated, never expired.
CREATE TABLE IF NOT EXISTS {db}.audit {on_cluster}
(
    at          DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    seq         UInt64,
    action_id   String CODEC(ZSTD(1)),
    actor       LowCardinality(String),
    source      LowCardinality(String),
    verb        LowCardinality(String),
    phase       LowCardinality(String),
    cluster     LowCardinality(String),
    api_group   LowCardinality(String),
    resource    LowCardinality(String),
    namespace   LowCardinality(String),
    name        String CODEC(ZSTD(1)),
    uid         String CODEC(ZSTD(1)),
    result      LowCardinality(String),
    reason      String CODEC(ZSTD(1)),
    detail      String CODEC(ZSTD(3))
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMM(at)
ORDER BY (at, seq)
SETTINGS non_replicated_deduplication_window = 10000;
