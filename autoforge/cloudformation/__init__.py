"""CloudFormation templates and IAM policies of any table, derived from its declaration."""

from importlib import import_module

from autoforge.dynamodb.extras import extra

with extra("cfn", "autoforge.cloudformation"):
    import_module("troposphere")

from autoforge.cloudformation.policy import policy_of
from autoforge.cloudformation.role import Role
from autoforge.cloudformation.template import template_of

__all__ = ["Role", "policy_of", "template_of"]
