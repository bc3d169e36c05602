"""Builds the template of the platform's table, from the parts that the template of any table has.

What is decided here is the platform's: the names that deployed stacks have, the key for the
credentials of integrations, what an alarm means to its operator, and the roles.
"""

from __future__ import annotations

from typing import Final

from autoforge.cloudformation import backup, exemptions, parameters
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.document import Template
from autoforge.cloudformation.template import add_monitoring, add_table
from autoforge.dynamodb.schema.design import Design
from autoforge.models.table import PLATFORM_DESIGN
from cfn import access_policy, integration_key
from cfn.watched import everything_watched

#: The logical id of the table in the database analysis. A stack created from the template in its
#: appendix is updated in place; with another id CloudFormation would create another table.
TABLE_ID: Final = "AgenticPMTable"

#: DynamoDB accepts dots and 255 characters. But the alias of the key for integrations contains the
#: name, and may neither have a dot nor more than 256 characters.
_NAME: Final = parameters.table_name(
    PLATFORM_DESIGN.name,
    pattern="[a-zA-Z0-9_-]+",
    longest=237,
    characters="letters, digits, underscores and hyphens",
)


def build(design: Design = PLATFORM_DESIGN) -> Template:
    """Build the template of the platform's design, or of a design that it may have later."""
    deployed = DeployedTable(design, TABLE_ID)
    template = Template(
        "The DynamoDB table of autoforge, its keys, alarms and backups",
        made_by="Made by `python -m cfn` from the models: change those, or cfn/, and not this.",
    )
    add_table(template, deployed, _NAME)
    integration_key.add_to(template)
    add_monitoring(template, everything_watched(deployed))
    backup.add_to(template, deployed)
    access_policy.add_to(template, deployed)
    exemptions.add_to(template)
    return template
