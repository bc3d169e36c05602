"""The Store: runs access patterns and writes on one table. The only module that talks to DynamoDB.

A Store is bound to a table and an endpoint when it is made; a process may have several, and each
is safe under threads.
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
        clock: Tells the time; items past their expiry by it are not returned.
        new_token: Makes the token under which DynamoDB carries a transaction out once.
        repeated: Whether every write may have been made before, by a run that was cut off: what
            shows that it was is success.
        design: All entities of the table, or a function that returns them and is called at each
            write; a write of another entity is refused. With None, every entity is written, and
            nobody checks which keys it may meet.
    """

    def create_table(self) -> None:
        """Create the table with its index, expiry and recovery, unless it is there.

        For a local DynamoDB; in AWS the CloudFormation template does this.

        Raises:
            UnavailableError: if it does not become ready.
            ConfigurationError: if the credentials are missing, not accepted, or do not allow it.
        """
        create.create_table(self.client, self.table_name)

    def is_ready(self) -> bool:
        """Whether the table can be read and written now.

        Raises:
            TableNotFoundError: if there is no such table.
        """
        return create.is_ready(self.client, self.table_name)

    def require_table(self) -> None:
        """Refuse to go on where no table is, or one whose keys or index are others.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if its keys or an index are not those of the models.
        """
        drift.require_shape(self.client, self.table_name)

    def drifts(self) -> tuple[drift.Drift, ...]:
        """Say where the live table is not what the models and the template promise.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if the credentials are missing, not accepted, or not allowed to ask.
        """
        return drift.find_drifts(self.client, self.table_name)
