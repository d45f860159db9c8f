// Package engine runs ClickHouse as a library in a process of its own and answers ClickHouse's HTTP protocol on a
// unix socket, so that the rest of Foretop knows ClickHouse only through clickhouse-go.
//
// Invariant: one process holds one data folder, and an insert that was answered without an error is still there
// after the process was killed.
package engine
