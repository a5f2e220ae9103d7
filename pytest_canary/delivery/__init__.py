"""A release as the project's own pipelines make it, from its build to its rollback."""
