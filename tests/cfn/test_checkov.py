"""Findings of checkov in our template, in those of other tables, and in the documentation's."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from autoforge.cloudformation import template_of
from autoforge.cloudformation.exemptions import EXEMPTIONS
from tests.cfn.resolved import ROOT, SNIPPETS
from tests.cloudformation.cases import CASES

#: In a separate environment that ``make`` builds: checkov pins packages that autoforge uses.
CHECKOV: Final = ROOT / ".venv-checkov" / "bin" / "checkov"
_TEMPLATE: Final = ROOT / "cfn" / "template.yaml"


def _checked(folder: Path) -> dict[str, Any]:
    """Return checkov's findings for all templates, from one run: most of its time is starting.

    checkov reports any 40 letters and slashes as a secret, including the path of a template. So it
    checks copies in a folder with other characters in its name, wherever the checkout is.
    """
    assert CHECKOV.exists(), "checkov is not installed: make .venv-checkov/checkov.stamp"
    originals = (_TEMPLATE, *sorted(SNIPPETS.glob("*.yaml")))
    files = [str(shutil.copy(each, folder)) for each in originals]
    for number, case in enumerate(CASES):
        path = folder / f"case-{number}.yaml"
        text = template_of(case.table, roles=[*case.roles]).to_yaml()
        path.write_text(text, encoding="utf-8")
        files.append(str(path))
    how = ("--framework", "cloudformation", "--skip-download", "--compact", "--output", "json")
    done = subprocess.run(
        [str(CHECKOV), *how, "--file", *files],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_checkov_finds_nothing_in_any_template_but_what_is_exempt_with_a_reason(
    tmp_path: Path,
) -> None:
    report = _checked(tmp_path)

    assert report["results"]["failed_checks"] == []
    assert report["summary"]["parsing_errors"] == 0
    checked = {each["file_path"].rpartition("/")[2] for each in report["results"]["passed_checks"]}
    of_tables = [f"case-{number}.yaml" for number, _ in enumerate(CASES)]
    assert checked == {"template.yaml", "ecs.yaml", "lambda.yaml", *of_tables}
    skipped = report["results"]["skipped_checks"]
    assert sorted(each["check_id"] for each in skipped) == sorted(
        [
            *(each.check for each in EXEMPTIONS for _ in (_TEMPLATE, *CASES)),
            "CKV_AWS_116",
            "CKV_AWS_117",
        ]
    )
    assert all(len(each["check_result"]["suppress_comment"]) > 30 for each in skipped)
