"""The topic of the alarms: encrypted, and only CloudWatch may publish to it."""

from __future__ import annotations

from typing import Any, Final

from troposphere import AccountId, GetAtt, Ref, Sub, Template
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from autoforge.cloudformation import conditions
from autoforge.cloudformation.keys import allow, key
from autoforge.cloudformation.outputs import exported

#: Logical ids.
TOPIC: Final = "AlarmTopic"
TOPIC_KEY: Final = "AlarmTopicKey"

_CLOUDWATCH: Final = {"Service": "cloudwatch.amazonaws.com"}


def add_to(template: Template) -> None:
    """Add the topic, its key, its policy, its subscription, and an output with its ARN."""
    # The topic needs its own key: CloudWatch may not use alias/aws/sns, and the policy of that key
    # cannot be changed. Alarms to a topic that is encrypted with it are lost silently.
    template.add_resource(
        key(
            TOPIC_KEY,
            Sub("Encrypts alarms of the DynamoDB table ${TableName}"),
            allow(
                "UsedByAlarms", _CLOUDWATCH, ["kms:Decrypt", "kms:GenerateDataKey*"], _our_alarms()
            ),
            retained=False,  # it encrypts nothing that is kept
        )
    )
    template.add_resource(Topic(TOPIC, KmsMasterKeyId=GetAtt(TOPIC_KEY, "Arn")))
    template.add_resource(_policy())
    template.add_resource(
        SubscriptionResource(
            "AlarmSubscription",
            Condition=conditions.ALARMS_MAILED,
            TopicArn=Ref(TOPIC),
            Protocol="email",
            Endpoint=Ref("AlarmEmail"),
        )
    )
    template.add_output(exported("AlarmTopicArn", "ARN of the topic that alarms go to", Ref(TOPIC)))


def _policy() -> TopicPolicy:
    statement = allow("PublishedToByAlarms", _CLOUDWATCH, ["sns:Publish"], _our_alarms())
    return TopicPolicy(
        "AlarmTopicPolicy",
        Topics=[Ref(TOPIC)],
        PolicyDocument={
            "Version": "2012-10-17",
            "Statement": [{**statement, "Resource": Ref(TOPIC)}],
        },
    )


def _our_alarms() -> dict[str, Any]:
    """The condition that CloudWatch acts for an alarm of this account and region."""
    alarms = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"
    return {
        "StringEquals": {"aws:SourceAccount": AccountId},
        "ArnLike": {"aws:SourceArn": Sub(alarms)},
    }
