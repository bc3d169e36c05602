"""Benchmarks: run by hand, never by the tests but for a smoke run."""
