-- Of the words by which free text finds an object nearly all are words of its other columns. Only the rest is stored: the
-- keys of a ConfigMap, host names. Rows of before have all their words there, which says the same.
ALTER TABLE {db}.resources {on_cluster} RENAME COLUMN IF EXISTS tokens TO words;
ALTER TABLE {db}.resource_history {on_cluster} RENAME COLUMN IF EXISTS tokens TO words;
