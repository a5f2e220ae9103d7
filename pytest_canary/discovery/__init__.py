"""What a repository says of its app, and the settings that come of it; reads files, and no more."""
