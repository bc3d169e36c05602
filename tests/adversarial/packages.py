"""The dependencies of Debian packages as a backlog: real, large, and with a few cycles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from autoforge.access.features.dependencies import in_order
from autoforge.errors import CyclicDependencyError

#: Two thousand packages with the dependencies of each, from the index of the distribution.
COMMITTED: Final = Path(__file__).parents[1] / "data" / "debian_packages.txt"
#: The database of installed packages, on machines that have one.
INSTALLED: Final = Path("/var/lib/dpkg/status")

_NAME: Final = re.compile(r"\s*([a-z0-9][a-z0-9+.-]+)")


def committed() -> dict[str, set[str]]:
    """Return the packages of the committed list, by name, with the dependencies of each."""
    lines = COMMITTED.read_text(encoding="utf-8").splitlines()
    split = [line.partition(":") for line in lines if not line.startswith("#")]
    return {identified(name): {*map(identified, needed.split())} for name, _, needed in split}


def installed(database: Path = INSTALLED) -> dict[str, set[str]]:
    """Return the installed packages of a database, with those dependencies that are installed."""
    needs: dict[str, set[str]] = {}
    for stanza in database.read_text(encoding="utf-8").split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)", stanza, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            needs[identified(fields["Package"])] = {
                identified(name)
                for field in ("Pre-Depends", "Depends")
                for name in _first_names(fields.get(field, ""))
            }
    return {name: needed & {*needs} for name, needed in needs.items()}


def without_cycles(graph: Mapping[str, set[str]]) -> tuple[dict[str, set[str]], list[list[str]]]:
    """Return the graph without one dependency of each cycle, and the names on each cycle."""
    acyclic = {name: set(needed) for name, needed in graph.items()}
    cycles = []
    while True:
        try:
            in_order(acyclic)
        except CyclicDependencyError as error:
            cycles.append(list(error.path))
            acyclic[error.path[0]].discard(error.path[1])
        else:
            return acyclic, cycles


def identified(name: str) -> str:
    """Return a package's name as an id."""
    return name.replace("+", "-p").replace(".", "_")


def _first_names(field: str) -> Iterator[str]:
    """Yield the first alternative of each relation of a field."""
    for relation in field.split(","):
        if found := _NAME.match(relation.partition("|")[0]):
            yield found[1]
