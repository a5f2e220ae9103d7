"""GitHub Actions: a workflow's jobs, their steps and expressions."""
