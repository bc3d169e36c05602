"""The HTTP API, built on Litestar. Only the command line imports it."""

from importlib import import_module

from autoforge.dynamodb.extras import extra

with extra("http", "the HTTP API"):
    import_module("litestar")
