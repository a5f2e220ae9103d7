"""The app's HTTP API as its client sees it; every write, and what became of it."""
