"""The Store: runs access patterns and writes on one table.

A Store is bound to one table and one endpoint. A process may have several Stores; each of them is
thread-safe.
"""

from __future__ import annotations

from dataclasses import dataclass

from autoforge.dynamodb.admin import create, drift
from autoforge.dynamodb.store.writes import Writes


@dataclass(frozen=True)
class Store(Writes):
    """Runs patterns and writes on one table.

    Args:
        table_name: The table.
        client: The connection to DynamoDB.
        cursors: Issues and accepts the cursors of pages.
        clock: Returns the current time; items whose expiry is past are not returned.
        new_token: Returns a new idempotency token (``ClientRequestToken``) for a transaction.
        repeated: Whether any write may repeat one of an interrupted run. A write then succeeds if
            the stored item shows that it was applied before.
        design: The design of the table, or a function that returns it and is called at each write.
            A write of an entity outside of it is refused. With None, every entity is accepted, and
            its keys are not checked against those of other entities.
    """

    def create_table(self) -> None:
        """Create the table with its index, expiry and recovery, unless it exists.

        For a local DynamoDB; in AWS the CloudFormation template does this.

        Raises:
            UnavailableError: if the table does not become ready.
            ConfigurationError: if credentials are missing, refused, or lack a permission.
        """
        create.create_table(self.client, self.table_name)

    def is_ready(self) -> bool:
        """Whether the table can be read and written now.

        Raises:
            TableNotFoundError: if there is no such table.
        """
        return create.is_ready(self.client, self.table_name)

    def require_table(self) -> None:
        """Require that the table exists with the keys and the index of the models.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if its keys or an index differ from those of the models.
        """
        drift.require_shape(self.client, self.table_name)

    def drifts(self) -> tuple[drift.Drift, ...]:
        """List the differences between the live table and what the models and template require.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if credentials are missing, refused, or lack a permission.
        """
        return drift.find_drifts(self.client, self.table_name)
