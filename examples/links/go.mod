module example.org/links

go 1.24.0

require github.com/lib/pq v1.12.3
