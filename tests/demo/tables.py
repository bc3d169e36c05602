"""Tables to load repositories into."""

from autoforge import Forge
from autoforge.dynamodb.local import EmbeddedDynamoDB
from tests.factories import NOON, new_id


def a_forge(embedded: EmbeddedDynamoDB) -> Forge:
    """A Forge on a new table in an embedded DynamoDB, at noon."""
    forge = Forge.connect(
        table_name=f"demo-{new_id()}",
        region="us-east-1",
        endpoint_url=embedded.endpoint_url,
        credentials=embedded.credentials,
        encryption_secrets=["a secret of at least thirty-two characters"],
        clock=lambda: NOON,
    )
    forge.store.create_table()
    return forge
