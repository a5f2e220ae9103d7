"""Semaphore's condition language: read, evaluated, and looked over for what misleads; pure."""
