"""Benchmarks, which are run by hand; the tests only check that they work."""
