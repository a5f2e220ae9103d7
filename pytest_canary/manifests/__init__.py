"""Manifests as files: read, filled in, held against Kubernetes' schema."""
