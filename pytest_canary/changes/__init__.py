"""What changes between two versions' manifests, and what comes of it on a cluster; pure."""
