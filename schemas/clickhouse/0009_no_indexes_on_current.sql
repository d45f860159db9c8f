-- Current objects are in the memory of every query process, by UID and by owner too: the table is read whole when one
-- starts, and by key. Its indexes cost every insert and merge a tenth, and served the seconds of loading alone.
ALTER TABLE {db}.resources {on_cluster}
    DROP INDEX IF EXISTS i_uid,
    DROP INDEX IF EXISTS i_owner,
    DROP INDEX IF EXISTS i_feed;
