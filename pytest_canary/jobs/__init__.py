"""A pipeline's jobs, run as by Semaphore's agent, with stand-ins for what must not happen."""
