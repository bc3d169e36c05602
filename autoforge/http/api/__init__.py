"""The parts of an HTTP API that no domain changes, and the routes of any table: ``routes_of``."""

from autoforge.http.api.routes import routes_of

__all__ = ["routes_of"]
