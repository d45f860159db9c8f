// Package schemas holds the contracts between parts and with the outside: ClickHouse tables,
// the GraphQL SDL and, in ingestpb, the collectors' protocol. It contains nothing else.
package schemas

import "embed"

// ClickHouse holds the numbered, forward-only migrations, for internal/clickhouse.Migrate.
//
//go:embed clickhouse/*.sql
var ClickHouse embed.FS

// GraphQL is the SDL that query/graph resolves and the page's types are generated from.
//
//go:embed graphql/schema.graphql
var GraphQL string
