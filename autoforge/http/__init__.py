"""Questions asked over HTTP. Knows Litestar; nothing but the command line imports it."""

from importlib import import_module

from autoforge.dynamodb.extras import extra

with extra("http", "the HTTP API"):
    import_module("litestar")
