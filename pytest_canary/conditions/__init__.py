"""Semaphore's condition language: read, evaluated, looked over for what misleads; pure."""
