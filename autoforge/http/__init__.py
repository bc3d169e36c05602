"""The HTTP API, built on Litestar. Only the command line imports it."""
