-- All the words of an object, computed when they are asked for: what kube.Summary.Tokens says, cut as there. A UUID is one
-- word, so is a number with dots, and v1.2 is found as 1.2 too.
ALTER TABLE {db}.resources {on_cluster} ADD COLUMN IF NOT EXISTS tokens Array(String) ALIAS
    arrayDistinct(arrayFilter(t -> t != '' AND length(t) <= 256, arrayConcat(words, arrayMap(t -> lowerUTF8(t), arrayConcat(
        [name, namespace, app, node], mapKeys(labels), mapValues(labels), containers, ips, images, arrayMap(i -> arrayElement(splitByChar('/', i), -1), images),
        arrayMap(o -> substring(o, position(o, '/') + 1), owner_refs),
        arrayFlatten(arrayMap(w -> if(match(w, '^[vV][0-9]'), [w, substring(w, 2)], [replaceAll(w, '_', '')]),
            extractAll(arrayStringConcat(arrayConcat([name, namespace, app, node, uid, status, kind, api_group, if(health = 'Unknown', '', toString(health)),
                multiIf(kind = '' OR lower(kind) = 'endpoints', '', match(lower(kind), '(s|x|ch|sh)$'), concat(kind, 'es'), match(lower(kind), '.[^aeiou]y$|^[^aeiou]y$'), concat(substring(kind, 1, length(kind) - 1), 'ies'), concat(kind, 's'))],
                mapKeys(labels), mapValues(labels), containers, ips, images, reasons, arrayMap(o -> substring(o, position(o, '/') + 1), owner_refs)), '\n'),
                '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:\\b|_)|[\\pL\\p{Nd}\\p{Mn}]*[0-9](?:\\.(?:[0-9][\\pL\\p{Nd}\\p{Mn}]*[0-9]|[0-9]))*\\.[0-9][\\pL\\p{Nd}\\p{Mn}]*|[\\pL\\p{Nd}\\p{Mn}]+')))
    )))));

-- History is copied into a new table with larger granules: of a part in one file each column of each granule is packed by
-- itself, and packing 90 columns of 170 rows is dear. One object is read in a millisecond more, and nearly all current
-- ones are not read from here. The copy may begin again after a crash at any statement.
DROP TABLE IF EXISTS {db}.resource_history_0012 {on_cluster} SYNC;

CREATE TABLE {db}.resource_history_0012 {on_cluster} AS {db}.resource_history
ENGINE = {engine:ReplacingMergeTree(ver)}
PARTITION BY toYYYYMM(observed_at)
ORDER BY (api_group, resource, cluster, namespace, name, ver)
SETTINGS index_granularity = 1024, index_granularity_bytes = 1048576, non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1, fsync_part_directory = 1, merge_selector_base = 16, min_bytes_for_wide_part = 268435456;

INSERT INTO {db}.resource_history_0012 SELECT * FROM {db}.resource_history
SETTINGS insert_deduplicate = 0, max_threads = 2, max_insert_threads = 1, min_insert_block_size_bytes = 67108864;

EXCHANGE TABLES {db}.resource_history AND {db}.resource_history_0012 {on_cluster};

DROP TABLE {db}.resource_history_0012 {on_cluster} SYNC;

ALTER TABLE {db}.resource_history {on_cluster} ADD COLUMN IF NOT EXISTS tokens Array(String) ALIAS
    arrayDistinct(arrayFilter(t -> t != '' AND length(t) <= 256, arrayConcat(words, arrayMap(t -> lowerUTF8(t), arrayConcat(
        [name, namespace, app, node], mapKeys(labels), mapValues(labels), containers, ips, images, arrayMap(i -> arrayElement(splitByChar('/', i), -1), images),
        arrayMap(o -> substring(o, position(o, '/') + 1), owner_refs),
        arrayFlatten(arrayMap(w -> if(match(w, '^[vV][0-9]'), [w, substring(w, 2)], [replaceAll(w, '_', '')]),
            extractAll(arrayStringConcat(arrayConcat([name, namespace, app, node, uid, status, kind, api_group, if(health = 'Unknown', '', toString(health)),
                multiIf(kind = '' OR lower(kind) = 'endpoints', '', match(lower(kind), '(s|x|ch|sh)$'), concat(kind, 'es'), match(lower(kind), '.[^aeiou]y$|^[^aeiou]y$'), concat(substring(kind, 1, length(kind) - 1), 'ies'), concat(kind, 's'))],
                mapKeys(labels), mapValues(labels), containers, ips, images, reasons, arrayMap(o -> substring(o, position(o, '/') + 1), owner_refs)), '\n'),
                '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:\\b|_)|[\\pL\\p{Nd}\\p{Mn}]*[0-9](?:\\.(?:[0-9][\\pL\\p{Nd}\\p{Mn}]*[0-9]|[0-9]))*\\.[0-9][\\pL\\p{Nd}\\p{Mn}]*|[\\pL\\p{Nd}\\p{Mn}]+')))
    )))));
