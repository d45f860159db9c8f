-- An acknowledged batch survives power loss, not only a crash of the engine: parts are synced before an insert
-- returns. On all tables of a batch, since a cursor in the ledger must never be ahead of the rows it stands for.
-- Measured on one virtual disk: one ledger row 10.6 ms without, 12.3 ms with; 500 Pods of 4 KB the same within noise.
ALTER TABLE {db}.resources {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE {db}.resource_history {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE {db}.events {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE {db}.ingest_ledger {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE {db}.resource_states {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE {db}.audit {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
