"""Runs a pipeline's jobs as Semaphore's agent does, with stand-ins for what must not happen."""
