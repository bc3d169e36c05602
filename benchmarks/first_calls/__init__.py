"""The shortest program of each client that reads one event, to measure cold starts."""
