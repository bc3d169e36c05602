"""The command line, built on click."""

from importlib import import_module

from autoforge.dynamodb.extras import extra

with extra("cli", "the command line"):
    import_module("click")
