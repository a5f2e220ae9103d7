"""What a stage works with: what there is once the cluster is up, and what happened."""
