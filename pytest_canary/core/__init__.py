"""What every room stands on; knows neither Kubernetes nor pytest."""
