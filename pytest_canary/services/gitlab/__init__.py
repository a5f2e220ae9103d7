"""GitLab CI: a pipeline's jobs, their scripts, rules and variables."""
