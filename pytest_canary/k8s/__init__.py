"""Kubernetes as we read it, purely, and as we ask it."""
