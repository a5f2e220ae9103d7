"""One rehearsal, from stage to stage; the face for scripts."""
