"""The template's policies as they are deployed, and requests for the evaluator of policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

from cfn.integration_key import INTEGRATION_KEY
from cfn.roles import PROJECT_TAG, ROLES
from cfn.template import TABLE_ID
from tests.cfn.resolved import stack
from tests.iam import ACCOUNT, Asked, Case, Verdict

REGION: Final = "eu-west-1"
TABLE_ARN: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/AgenticPM"
KEY_ARN: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"

#: Evaluates cases under the policies of the template.
Judge = Callable[[Iterable[Case]], list[Verdict]]

#: The name that the evaluator gets for keys of an encryption context. It accepts names that the
#: caller chooses only for tags. Conditions compare the values of both in the same way.
ENCRYPTION_CONTEXT: Final = "aws:PrincipalTag/"

_DEPLOYED: Final = {
    f"<{TABLE_ID}.Arn>": TABLE_ARN,
    f"<{INTEGRATION_KEY}.Arn>": KEY_ARN,
    "kms:EncryptionContext:": ENCRYPTION_CONTEXT,
}


@cache
def documents() -> Mapping[str, Any]:
    """The policy document of each role, as it is deployed."""
    names = {role.name: f"{role.name}Policy" for role in ROLES}
    return {
        role: _deployed(stack().properties(name)["PolicyDocument"]) for role, name in names.items()
    }


@cache
def key_policy() -> Mapping[str, Any]:
    """The policy of the key that encrypts the credentials of integrations."""
    policy: Mapping[str, Any] = _deployed(stack().properties(INTEGRATION_KEY)["KeyPolicy"])
    return policy


def _deployed(document: Any) -> Any:
    """Replace references in a document by the names of the deployed resources."""
    written = json.dumps(document)
    for written_as, is_ in _DEPLOYED.items():
        written = written.replace(written_as, is_)
    return json.loads(written)


def case(role: str, asked: Asked, *, project: str | None = None) -> Case:
    """A request to the table by a role, whose principal may have a project tag."""
    context: dict[str, str | list[str]] = {}
    if asked.partitions:
        context["dynamodb:LeadingKeys"] = sorted(asked.partitions)
    if project is not None:
        context[f"aws:PrincipalTag/{PROJECT_TAG}"] = project
    index = f"/index/{asked.index}" if asked.index else ""
    return Case(role, f"dynamodb:{asked.action}", f"{TABLE_ARN}{index}", context)
