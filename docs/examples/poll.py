"""A dashboard that polls: new events by the poll cursor, the overview by its ETag.

    python docs/examples/poll.py http://127.0.0.1:8000 [PROJECT] [--turns 3] [--pause 2]

It needs a server, such as ``make serve``, and only the standard library of Python.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

#: The most events of one response.
LIMIT = 100


class Api:
    """A client of the HTTP API that keeps ETags."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._etags: dict[str, str] = {}

    def get(self, path: str, **query: str | int) -> dict[str, Any] | None:
        """Return the response, or None if it has not changed since the last one."""
        url = f"{self._url}{path}?{urlencode(query)}" if query else f"{self._url}{path}"
        request = Request(url)  # noqa: S310 - the caller's own server
        if url in self._etags:
            request.add_header("If-None-Match", self._etags[url])
        try:
            with urlopen(request, timeout=10) as response:  # noqa: S310
                self._etags[url] = response.headers["ETag"]
                answer: dict[str, Any] = json.load(response)
                return answer
        except HTTPError as error:
            if error.code == HTTPStatus.NOT_MODIFIED:
                return None
            raise


class Events:
    """The events of a project from now on, each once."""

    def __init__(self, api: Api, project_id: str) -> None:
        self._api = api
        self._path = f"/projects/{project_id}/events"
        page = api.get(self._path, limit=1)
        self._cursor: str = (page or {})["pollCursor"]

    def new(self) -> Iterator[dict[str, Any]]:
        """Poll for new events; after a full response, poll again at once."""
        while answer := self._api.get(self._path, after=self._cursor, limit=LIMIT):
            yield from answer["items"]
            self._cursor = answer["pollCursor"]
            if len(answer["items"]) < LIMIT:
                return


def main() -> None:
    """Poll several times, and print what is new."""
    parser = argparse.ArgumentParser(description="A dashboard in a terminal.")
    parser.add_argument("url")
    parser.add_argument("project", nargs="?", help="default: the first active project")
    parser.add_argument("--turns", default=3, type=int)
    parser.add_argument("--pause", default=2.0, type=float)
    given = parser.parse_args()
    api = Api(given.url)
    project_id = given.project or (api.get("/projects", limit=1) or {})["items"][0]["id"]
    events = Events(api, project_id)
    for number in range(given.turns):
        if number:
            time.sleep(given.pause)
        overview = api.get(f"/projects/{project_id}/overview")
        if overview is None:
            print("overview: as before")
        else:
            kinds = ", ".join(artefact["type"] for artefact in overview["artefacts"])
            print(f"overview: {overview['project']['name']}: {kinds or 'no artefacts yet'}")
        for event in events.new():
            print(f"{event['createdAt']}  {event['severity']:8}  {event['summary']}")


if __name__ == "__main__":
    main()
