"""What is wrong with the manifests before anything starts; pure."""
