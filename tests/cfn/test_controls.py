"""The stack meets the controls of Security Hub and Control Tower as the page says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from tests.cfn.guide import OPERATE, rows
from tests.cfn.resolved import Stack, stack
from tests.docs.pages import code_spans

#: Stacks that must meet each control, unless the page makes an exception.
STACKS: Final = {
    "default": stack(),
    "largest": stack(
        BillingMode="PROVISIONED",
        Encryption="CUSTOMER_MANAGED",
        Stream="NEW_AND_OLD_IMAGES",
        ContributorInsights="THROTTLED_KEYS",
        AlarmEmail="on-call@example.org",
    ),
}
MET: Final = "met"
NOT_MET: Final = "not met"
DOES_NOT_APPLY: Final = "does not apply"


def table(of: Stack) -> dict[str, Any]:
    return of.properties("AgenticPMTable")


def scales(of: Stack) -> bool:
    targets = of.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
    scaled = {each["ScalableDimension"] for each in targets}
    dimensions = {f"dynamodb:{kind}:{action}CapacityUnits" for kind, action in _SCALED}
    return table(of)["BillingMode"] == "PAY_PER_REQUEST" or scaled == dimensions


_SCALED: Final = [(kind, action) for kind in ("table", "index") for action in ("Read", "Write")]


def is_recoverable(of: Stack) -> bool:
    return table(of)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def is_backed_up(of: Stack) -> bool:
    selections = of.of_type("AWS::Backup::BackupSelection").values()
    return "<AgenticPMTable.Arn>" in [
        resource for each in selections for resource in each["BackupSelection"]["Resources"]
    ]


def every(kind: str, holds: Callable[[dict[str, Any]], bool]) -> Callable[[Stack], bool | None]:
    """A check that all resources of a type meet a condition; it returns None without resources."""

    def judged(of: Stack) -> bool | None:
        found = of.of_type(kind).values()
        return all(map(holds, found)) if found else None

    return judged


def denies_grants(key: dict[str, Any]) -> bool:
    return any(
        (each["Effect"], each["Action"]) == ("Deny", ["kms:CreateGrant"])
        and {*each["Condition"]} == {"BoolIfExists"}
        and {*each["Condition"]["BoolIfExists"]}
        == {"kms:GrantIsForAWSResource", "aws:PrincipalIsAWSService"}
        for each in key["KeyPolicy"]["Statement"]
    )


def rotates(key: dict[str, Any]) -> bool:
    return key["EnableKeyRotation"] is True


def is_rsa(of: Stack) -> bool | None:
    specs = [each.get("KeySpec", "") for each in of.of_type("AWS::KMS::Key").values()]
    return None if not any(each.startswith("RSA") for each in specs) else False


def allowed(policy: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for each in policy["PolicyDocument"]["Statement"]:
        yield from ((action, each["Resource"]) for action in each["Action"])


def is_not_for_everything(policy: dict[str, Any]) -> bool:
    return not any("*" in (action, resource) for action, resource in allowed(policy))


def is_not_for_a_whole_service(policy: dict[str, Any]) -> bool:
    return not any(action.endswith(":*") for action, _ in allowed(policy))


def has_inline_policies(of: Stack) -> bool | None:
    roles = of.of_type("AWS::IAM::Role").values()
    inline = [*of.of_type("AWS::IAM::Policy"), *(each for each in roles if "Policies" in each)]
    return False if inline else None


def never(_: dict[str, Any]) -> bool:
    return False


#: The check of each control: whether the stack meets it, or None if it does not apply.
CONTROLS: Final[Mapping[str, Callable[[Stack], bool | None]]] = {
    "DynamoDB.1": scales,
    "DynamoDB.2": is_recoverable,
    "DynamoDB.3": every("AWS::DAX::Cluster", never),
    "DynamoDB.4": is_backed_up,
    "DynamoDB.5": lambda of: bool(table(of)["Tags"]),
    "DynamoDB.6": lambda of: table(of)["DeletionProtectionEnabled"] == "true",
    "DynamoDB.7": every("AWS::DAX::Cluster", never),
    "CT.DYNAMODB.PR.1": is_recoverable,
    "CT.DYNAMODB.PR.2": lambda of: table(of)["SSESpecification"]["SSEEnabled"] is True,
    "CT.KMS.PR.1": every("AWS::KMS::Key", rotates),
    "CT.KMS.PR.2": is_rsa,
    "CT.KMS.PR.3": every("AWS::KMS::Key", denies_grants),
    "CT.CLOUDWATCH.PR.1": every("AWS::CloudWatch::Alarm", lambda each: bool(each["AlarmActions"])),
    "CT.CLOUDWATCH.PR.2": every("AWS::Logs::LogGroup", never),
    "CT.CLOUDWATCH.PR.3": every("AWS::Logs::LogGroup", never),
    "CT.CLOUDWATCH.PR.4": every(
        "AWS::CloudWatch::Alarm", lambda each: each.get("ActionsEnabled", True) is True
    ),
    "CT.IAM.PR.1": has_inline_policies,
    "CT.IAM.PR.2": every("AWS::IAM::ManagedPolicy", is_not_for_everything),
    "CT.IAM.PR.3": every("AWS::IAM::ManagedPolicy", is_not_for_a_whole_service),
    "CT.IAM.PR.4": every("AWS::IAM::User", never),
    "CT.IAM.PR.5": has_inline_policies,
}
_VERDICTS: Final = {True: MET, False: NOT_MET, None: DOES_NOT_APPLY}


def listed() -> dict[str, str]:
    return {control: here for control, _, here in rows(OPERATE, "control")}


@pytest.mark.parametrize("of", STACKS.values(), ids=[*STACKS])
def test_the_page_says_of_each_control_how_the_stack_stands_to_it(of: Stack) -> None:
    said = {
        control: next(each for each in (NOT_MET, MET, DOES_NOT_APPLY) if here.startswith(each))
        for control, here in listed().items()
    }

    assert said == {control: _VERDICTS[judge(of)] for control, judge in CONTROLS.items()}


@pytest.mark.parametrize(
    ("control", "parameter", "value"),
    [
        ("DynamoDB.4", "BackupRetentionDays", "0"),
        ("DynamoDB.6", "DeletionProtection", "false"),
        ("CT.DYNAMODB.PR.2", "Encryption", "AWS_OWNED"),
    ],
)
def test_the_page_names_the_parameters_that_let_a_control_fail(
    control: str, parameter: str, value: str
) -> None:
    assert f"unless {parameter}={value}" in listed()[control]
    assert f"{parameter}={value}" in code_spans(OPERATE)
    assert CONTROLS[control](stack(**{parameter: value})) is False


def test_the_page_makes_no_other_exception() -> None:
    assert sum("unless" in here for here in listed().values()) == 3
