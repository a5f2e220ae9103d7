"""The rules of the static check, a module a subject."""
