"""The files generated from the code, and whether they are up to date.

``python -m tests.generated`` fails if a file is out of date; ``--write`` writes all of them.
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from autoforge import __version__
from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb.patterns.catalogue_page import catalogue_page
from autoforge.forge import Forge
from autoforge.http.app import create_app
from cfn.roles_page import roles_page
from cfn.template import build
from tests.docs.reference import REFERENCE_PAGES, reference_page, with_names

_ROOT: Final = Path(__file__).parent.parent
_OVERVIEW: Final = "docs/reference/toolkit.md"


def openapi_document() -> str:
    """Build the OpenAPI document; this sends no request to DynamoDB."""
    forge = Forge.connect(table_name="AgenticPM", region="us-east-1")
    document = create_app(forge, version=__version__).openapi_schema.to_schema()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def template() -> str:
    """Build the CloudFormation template."""
    return build().to_yaml()


def overview() -> str:
    """Build the tables of names in the overview of the toolkit; the rest is written by hand."""
    return with_names((_ROOT / _OVERVIEW).read_text(encoding="utf-8"))


#: The function that builds each generated file, by the file's path from the root.
GENERATED: Final[Mapping[str, Callable[[], str]]] = {
    "cfn/template.yaml": template,
    "docs/reference/access-patterns.md": lambda: catalogue_page(
        CATALOGUE, made_by="make docs", explained_by="autoforge explain"
    ),
    "docs/reference/permissions.md": roles_page,
    "docs/reference/openapi.json": openapi_document,
    _OVERVIEW: overview,
    **{path: partial(reference_page, page) for path, page in REFERENCE_PAGES.items()},
}


def stale() -> list[str]:
    """Return the files that differ from what the code generates."""
    return [
        name
        for name, make in GENERATED.items()
        if not (_ROOT / name).exists() or (_ROOT / name).read_text(encoding="utf-8") != make()
    ]


def main(arguments: list[str]) -> int:
    """Compare the files, or write them."""
    if "--write" in arguments:
        for name, make in GENERATED.items():
            (_ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (_ROOT / name).write_text(make(), encoding="utf-8")
        return 0
    found = stale()
    for name in found:
        sys.stderr.write(f"{name} is stale: run `make docs`\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
