"""What a run is going to do, decided before it starts."""
