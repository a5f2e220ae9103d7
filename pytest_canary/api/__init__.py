"""The app's HTTP API as its client sees it."""
