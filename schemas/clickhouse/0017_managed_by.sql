-- Who manages an object, nearest first: SYSTEM or SYSTEM/NAME. Derived at ingest, since managedFields are not stored.
ALTER TABLE {db}.resources {on_cluster} ADD COLUMN IF NOT EXISTS managed_by Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER traits;
ALTER TABLE {db}.resource_history {on_cluster} ADD COLUMN IF NOT EXISTS managed_by Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER traits;
