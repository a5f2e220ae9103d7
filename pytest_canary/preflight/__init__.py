"""What is wrong with the manifests before anything starts; reads files, and runs nothing."""
