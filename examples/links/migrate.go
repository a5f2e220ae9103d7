package main

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// One file a version of the schema: 1.sql, 2.sql, ….
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to what this version wants, all of it or nothing.
func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Whoever migrates beside us waits, and no statement of ours waits for long with others behind it.
	const begin = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(7301);" +
		"CREATE TABLE IF NOT EXISTS schema_version (version int PRIMARY KEY)"
	if _, err := tx.ExecContext(ctx, begin); err != nil {
		return err
	}
	var before int
	const known = "SELECT coalesce(max(version), 0) FROM schema_version"
	if err := tx.QueryRowContext(ctx, known).Scan(&before); err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	after := before
	for number := before + 1; number <= len(files); number++ {
		name := path.Join("migrations", strconv.Itoa(number)+".sql")
		statements, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimPrefix(name, "migrations/"), err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO schema_version VALUES ($1)", number); err != nil {
			return err
		}
		after = number
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	fmt.Printf("schema %d -> %d\n", before, after)
	return nil
}
