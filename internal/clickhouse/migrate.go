package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// migration is one numbered file.
type migration struct {
	Number     int
	Name       string // 0001_resources.sql
	Hash       string // sha256 of the file
	Statements []string
	Applied    bool
}

// migrationTables holds what was applied and, while somebody migrates a server, the lock.
const (
	appliedTable = "migrations"
	lockTable    = "migrating"
)

// Migrate brings the database to the newest schema: it creates it when missing and applies, in order, what was not
// applied before. A file that was applied and differs now is an error, and so is one that only the database knows.
func (db *DB) Migrate(ctx context.Context, files fs.FS) error {
	if err := db.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+quoteName(db.database)+db.onCluster()+db.databaseEngine(), nil); err != nil {
		return fmt.Errorf("create the database %s: %w", db.database, err)
	}
	if err := db.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+db.Table(appliedTable)+db.onCluster()+
		" (number UInt32, name String, hash String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = "+db.tableEngine("ReplacingMergeTree")+" ORDER BY number", nil); err != nil {
		return fmt.Errorf("create the table of migrations: %w", err)
	}
	unlock, err := db.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	plan, err := db.plan(ctx, files)
	if err != nil {
		return err
	}
	for _, m := range plan {
		if m.Applied {
			continue
		}
		began := time.Now()
		for i, statement := range m.Statements {
			if err := db.Exec(ctx, statement, nil); err != nil {
				return fmt.Errorf("apply migration %s, statement %d: %w", m.Name, i+1, err)
			}
		}
		// Recorded last: a crash before this line applies the file again, so its statements are idempotent.
		if err := db.Insert(ctx, appliedTable, []Column{{"number", []uint32{uint32(m.Number)}}, {"name", []string{m.Name}}, {"hash", []string{m.Hash}}}, ""); err != nil {
			return fmt.Errorf("record migration %s: %w", m.Name, err)
		}
		db.log.Info("migration applied", "name", m.Name, "database", db.database, "took", time.Since(began).Round(time.Millisecond))
	}
	return nil
}

// MigrationPlan names the files that Migrate would apply, and changes nothing.
func (db *DB) MigrationPlan(ctx context.Context, files fs.FS) ([]string, error) {
	plan, err := db.plan(ctx, files)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range plan {
		if !m.Applied {
			names = append(names, m.Name)
		}
	}
	return names, nil
}

func (db *DB) plan(ctx context.Context, files fs.FS) ([]migration, error) {
	plan, err := db.readMigrations(files)
	if err != nil {
		return nil, err
	}
	applied, err := db.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	for i, m := range plan {
		was, ok := applied[m.Number]
		if ok && was.Hash != m.Hash {
			return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("Migration %s was changed after it had been applied to the database %s.", m.Name, db.database),
				Fix: "Restore the file and put the change into a new one with the next number."}
		}
		plan[i].Applied = ok
		delete(applied, m.Number)
	}
	for _, m := range applied {
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("The database %s has migration %s, which this version does not know.", db.database, m.Name),
			Fix: "Start the newer version that applied it."}
	}
	return plan, nil
}

func (db *DB) appliedMigrations(ctx context.Context) (map[int]migration, error) {
	p := &Params{}
	exists, err := db.Query(ctx, "SELECT name FROM system.tables WHERE database = "+p.String(db.database)+" AND name = "+p.String(appliedTable), p)
	if err != nil {
		return nil, fmt.Errorf("look for the table of migrations: %w", err)
	}
	found := exists.Next()
	if err := exists.Close(); err != nil {
		return nil, fmt.Errorf("look for the table of migrations: %w", err)
	}
	applied := map[int]migration{}
	if !found {
		return applied, nil
	}
	r, err := db.Query(ctx, "SELECT number, name, hash FROM "+db.Table(appliedTable)+" ORDER BY number, applied_at", nil)
	if err != nil {
		return nil, fmt.Errorf("read the table of migrations: %w", err)
	}
	defer r.Close()
	for r.Next() {
		var number uint32
		var m migration
		if err := r.Scan(&number, &m.Name, &m.Hash); err != nil {
			return nil, fmt.Errorf("read the table of migrations: %w", err)
		}
		m.Number = int(number)
		applied[m.Number] = m
	}
	return applied, r.Err()
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

func (db *DB) readMigrations(files fs.FS) ([]migration, error) {
	var plan []migration
	err := fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".sql" {
			return err
		}
		match := migrationName.FindStringSubmatch(entry.Name())
		if match == nil {
			return fmt.Errorf("the migration %s is not named NNNN_what.sql", file)
		}
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		number, _ := strconv.Atoi(match[1])
		sum := sha256.Sum256(text)
		m := migration{Number: number, Name: entry.Name(), Hash: hex.EncodeToString(sum[:])}
		for _, statement := range splitStatements(string(text)) {
			statement, err := db.fill(statement)
			if err != nil {
				return fmt.Errorf("migration %s: %w", file, err)
			}
			m.Statements = append(m.Statements, statement)
		}
		plan = append(plan, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	slices.SortFunc(plan, func(a, b migration) int { return a.Number - b.Number })
	for i, m := range plan {
		if i > 0 && plan[i-1].Number == m.Number {
			return nil, fmt.Errorf("read the migrations: %s and %s have the same number", plan[i-1].Name, m.Name)
		}
	}
	return plan, nil
}

var hole = regexp.MustCompile(`\{(db|on_cluster|engine:[A-Za-z]+(?:\([^{}]*\))?)\}`)

var anyHole = regexp.MustCompile(`\{[a-z_]+(?::[^{}]*)?\}`)

// fill puts the database, the cluster and the engine family into a statement's holes.
func (db *DB) fill(statement string) (string, error) {
	filled := hole.ReplaceAllStringFunc(statement, func(h string) string {
		switch h = h[1 : len(h)-1]; h {
		case "db":
			return quoteName(db.database)
		case "on_cluster":
			return strings.TrimSpace(db.onCluster())
		default:
			return db.tableEngine(strings.TrimPrefix(h, "engine:"))
		}
	})
	if unknown := anyHole.FindString(hole.ReplaceAllString(statement, "")); unknown != "" {
		return "", fmt.Errorf("unknown hole %s: there are {db}, {on_cluster} and {engine:...}", unknown)
	}
	return filled, nil
}

func (db *DB) onCluster() string {
	if db.cluster == "" {
		return ""
	}
	return " ON CLUSTER " + quoteName(db.cluster)
}

// databaseEngine is explicit: the embedded engine's default overlays the file system.
func (db *DB) databaseEngine() string { return " ENGINE = Atomic" }

// tableEngine turns MergeTree's families into their replicated form on a cluster.
func (db *DB) tableEngine(engine string) string {
	if db.cluster == "" {
		return engine
	}
	family, arguments, _ := strings.Cut(strings.TrimSuffix(engine, ")"), "(")
	replicated := "Replicated" + family + "('/clickhouse/tables/{uuid}/{shard}', '{replica}'"
	if arguments != "" {
		replicated += ", " + arguments
	}
	return replicated + ")"
}

// splitStatements cuts a file at semicolons outside quotes and comments; comments are left out.
func splitStatements(text string) []string {
	var statements []string
	var b strings.Builder
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			statements = append(statements, s)
		}
		b.Reset()
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				end = len(text) - i
			}
			i += end - 1
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i:], "*/")
			if end < 0 {
				end = len(text) - i - 2
			}
			i += end + 1
		case c == '\'' || c == '`' || c == '"':
			end := i + 1
			for end < len(text) && text[end] != c {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			b.WriteString(text[i:min(end+1, len(text))])
			i = end
		case c == ';':
			flush()
		default:
			b.WriteByte(c)
		}
	}
	flush()
	return statements
}

// lockTimeout is the age at which a lock on a server is taken for left behind by a crash.
const lockTimeout = 2 * time.Minute

// lockMigrations keeps two hubs from migrating one server at a time. ClickHouse has no compare-and-swap, but
// CREATE TABLE of an existing table fails. The embedded engine has one client: this process.
func (db *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if db.engine != nil {
		db.migrating.Lock()
		return db.migrating.Unlock, nil
	}
	deadline := time.Now().Add(lockTimeout + 30*time.Second)
	for {
		err := db.Exec(ctx, "CREATE TABLE "+db.Table(lockTable)+" (x UInt8) ENGINE = Memory", nil)
		if err == nil {
			return func() { db.Exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+db.Table(lockTable)+" SYNC", nil) }, nil
		}
		var exception *Error
		if !errors.As(err, &exception) || exception.Code != 57 { // TABLE_ALREADY_EXISTS
			return nil, fmt.Errorf("lock the migrations: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("lock the migrations: another program has been migrating %s for too long; if none is running, drop the table %s", db.database, db.Table(lockTable))
		}
		if err := db.dropStaleLock(ctx); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (db *DB) dropStaleLock(ctx context.Context) error {
	p := &Params{}
	r, err := db.Query(ctx, "SELECT now() - metadata_modification_time > "+p.Int(int64(lockTimeout/time.Second))+" FROM system.tables WHERE database = "+p.String(db.database)+" AND name = "+p.String(lockTable), p)
	if err != nil {
		return fmt.Errorf("look at the lock of the migrations: %w", err)
	}
	defer r.Close()
	var stale uint8
	if r.Next() {
		if err := r.Scan(&stale); err != nil {
			return fmt.Errorf("look at the lock of the migrations: %w", err)
		}
	}
	if stale == 0 {
		return r.Err()
	}
	db.log.Warn("lock of the migrations is old and is removed", "database", db.database)
	return db.Exec(ctx, "DROP TABLE IF EXISTS "+db.Table(lockTable)+" SYNC", nil)
}
