"""One rehearsal, from stage to stage."""
