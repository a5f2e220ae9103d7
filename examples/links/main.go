// Command links keeps links in PostgreSQL: version 2 adds what each is called.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/lib/pq"
)

// What the linker is told; version 1 knows nothing of titles.
var version = "2"

func main() {
	log.SetFlags(0)
	log.SetPrefix("links: ")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	commands := map[string]func(context.Context, *sql.DB) error{
		"serve": serve, "ping": ping, "migrate": migrate,
	}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		log.Fatal("say links serve, links ping or links migrate")
	}
	db, err := sql.Open("postgres", address())
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	if err := commands[os.Args[1]](ctx, db); err != nil {
		log.Fatal(err)
	}
}

// address is where the database is.
func address() string {
	tls := "disable"
	if os.Getenv("DB_SSL") == "true" {
		tls = "require"
	}
	at := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(os.Getenv("DB_USER"), os.Getenv("DB_PASSWORD")),
		Host:     net.JoinHostPort(os.Getenv("DB_HOST"), os.Getenv("DB_PORT")),
		Path:     os.Getenv("DB_SCHEMA"),
		RawQuery: url.Values{"sslmode": {tls}, "connect_timeout": {"5"}}.Encode(),
	}
	return at.String()
}

// ping asks whether the database answers.
func ping(ctx context.Context, db *sql.DB) error {
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	fmt.Println("the database answers")
	return nil
}

// serve answers requests until it is told to end.
func serve(ctx context.Context, db *sql.DB) error {
	server := &http.Server{Addr: ":8080", Handler: handler(db), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Nodes hear late that this pod has left the Service.
	time.Sleep(5 * time.Second)
	rest, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := server.Shutdown(rest); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
