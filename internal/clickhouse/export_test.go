package clickhouse

// ColumnsOfRows is Columns as of a server that a DSN names.
var ColumnsOfRows = (*DB).columnsOfRows
