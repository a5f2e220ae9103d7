package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"net/http"
	"strings"
)

// Rows as they are, so that a version reads the schema before its migration and after it.
const rows = "SELECT coalesce(json_agg(to_jsonb(l) ORDER BY l.id), '[]') FROM "

type link struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

func handler(db *sql.DB) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /links", func(w http.ResponseWriter, r *http.Request) {
		var found string
		var err error
		if wanted := r.URL.Query().Get("url"); wanted != "" {
			one := rows + "(SELECT * FROM link WHERE url = $1 ORDER BY id LIMIT 1) l"
			err = db.QueryRowContext(r.Context(), one, wanted).Scan(&found)
		} else {
			err = db.QueryRowContext(r.Context(), rows+"link l").Scan(&found)
		}
		answer(w, http.StatusOK, found, err)
	})
	mux.HandleFunc("POST /links", func(w http.ResponseWriter, r *http.Request) {
		var given link
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&given)
		if err != nil || strings.TrimSpace(given.URL) == "" {
			http.Error(w, "url must be a string with something in it", http.StatusBadRequest)
			return
		}
		statement, values := "INSERT INTO link (url) VALUES ($1)", []any{given.URL}
		if version != "1" && given.Title != "" {
			statement = "INSERT INTO link (url, title) VALUES ($1, $2)"
			values = append(values, given.Title)
		}
		var made string
		err = db.QueryRowContext(r.Context(), statement+" RETURNING to_jsonb(link)", values...).Scan(&made)
		answer(w, http.StatusCreated, made, err)
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, `{"ready": true}`, db.PingContext(r.Context()))
	})
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"live": true}`, nil)
	})
	return mux
}

// answer writes JSON, or says that it can't be had; why is in the log alone.
func answer(w http.ResponseWriter, code int, body string, err error) {
	if err != nil {
		log.Print(err)
		http.Error(w, "the database does not answer as it should", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if _, err := w.Write([]byte(body + "\n")); err != nil {
		log.Print(err)
	}
}
