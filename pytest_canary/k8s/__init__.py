"""Kubernetes as we read it and ask it."""
