-- What an insert and the merges after it cost, on objects of 3 KB (1,000 rows an insert; microseconds of CPU an object):
-- level 3 of ZSTD made history no smaller than level 1 (334 and 311 bytes an object) and cost a third more; merging
-- parts of like size when there are some 16 instead of 5 halved the work of merges. Nobody asks resources for labels by
-- value without a kind: the index on them was one more file a part.
ALTER TABLE {db}.resource_history {on_cluster} MODIFY COLUMN object String CODEC(ZSTD(1));
ALTER TABLE {db}.resource_history {on_cluster} MODIFY SETTING merge_selector_base = 16;
ALTER TABLE {db}.resources {on_cluster} MODIFY SETTING merge_selector_base = 16;
ALTER TABLE {db}.resources {on_cluster} DROP INDEX IF EXISTS i_label;
