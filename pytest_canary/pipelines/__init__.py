"""Semaphore's pipeline files: read, and held against their schema and what runs them; pure."""
