"""What checkov says of the template, and of those that the documentation offers to start from."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Final

from cfn.exemptions import EXEMPTIONS
from tests.cfn.resolved import ROOT, SNIPPETS

#: In an environment of its own, which ``make`` builds: it pins much that autoforge does, too.
CHECKOV: Final = ROOT / ".venv-checkov" / "bin" / "checkov"
_TEMPLATE: Final = ROOT / "cfn" / "template.yaml"


def _checked() -> dict[str, Any]:
    """What checkov says of all of them at once: it takes most of its time to start."""
    assert CHECKOV.exists(), "checkov is not installed: make .venv-checkov/checkov.stamp"
    files = [str(each) for each in (_TEMPLATE, *sorted(SNIPPETS.glob("*.yaml")))]
    how = ("--framework", "cloudformation", "--skip-download", "--compact", "--output", "json")
    done = subprocess.run(
        [str(CHECKOV), *how, "--file", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_checkov_finds_nothing_in_any_template_but_what_is_exempt_with_a_reason() -> None:
    report = _checked()

    assert report["results"]["failed_checks"] == []
    assert report["summary"]["parsing_errors"] == 0
    checked = {each["file_path"].rpartition("/")[2] for each in report["results"]["passed_checks"]}
    assert checked == {"template.yaml", "ecs.yaml", "lambda.yaml"}
    skipped = report["results"]["skipped_checks"]
    assert sorted(each["check_id"] for each in skipped) == sorted(
        [*(exemption.check for exemption in EXEMPTIONS), "CKV_AWS_116", "CKV_AWS_117"]
    )
    assert all(len(each["check_result"]["suppress_comment"]) > 30 for each in skipped)
