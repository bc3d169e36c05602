from autoforge.dynamodb.admin.drift import (
    Drift,
)
from autoforge.dynamodb.admin.operation import (
    Operation,
)
from autoforge.dynamodb.admin.permissions import (
    permissions_of,
)
from autoforge.dynamodb.admin.scan import (
    Scan,
    ScannedItem,
    ScannedPage,
)
from autoforge.dynamodb.client.client import (
    Client,
    RetryPolicy,
)
from autoforge.dynamodb.encryption import (
    LocalCipher,
)
from autoforge.dynamodb.local import (
    DynoxideDynamoDB,
    EmbeddedDynamoDB,
)
from autoforge.dynamodb.patterns.composite import (
    Composite,
)
from autoforge.dynamodb.patterns.cursor import (
    Cursors,
)
from autoforge.dynamodb.patterns.explain import (
    Explanation,
    explain,
)
from autoforge.dynamodb.patterns.fetch import (
    Fetch,
)
from autoforge.dynamodb.patterns.get import (
    Get,
)
from autoforge.dynamodb.patterns.json_items import (
    as_json,
)
from autoforge.dynamodb.patterns.page import (
    Page,
)
from autoforge.dynamodb.patterns.pattern import (
    Part,
    Pattern,
)
from autoforge.dynamodb.patterns.permission import (
    Permission,
)
from autoforge.dynamodb.patterns.projection import (
    Projection,
    nested,
)
from autoforge.dynamodb.patterns.query import (
    Query,
)
from autoforge.dynamodb.patterns.references import (
    ByUnique,
    Hydrate,
    Lookup,
)
from autoforge.dynamodb.patterns.snapshot import (
    Snapshot,
)
from autoforge.dynamodb.patterns.sort_range import (
    SortRange,
)
from autoforge.dynamodb.schema.changes import (
    Change,
)
from autoforge.dynamodb.schema.choice_attributes import (
    Boolean,
    Choice,
)
from autoforge.dynamodb.schema.conditions import (
    Condition,
    Equality,
)
from autoforge.dynamodb.schema.derived import (
    Derived,
)
from autoforge.dynamodb.schema.document_attributes import (
    Array,
    Document,
    Json,
)
from autoforge.dynamodb.schema.entity import (
    Entity,
)
from autoforge.dynamodb.schema.indexes import (
    GSI,
    LSI,
    Index,
    Layout,
)
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import (
    Integer,
    Number,
)
from autoforge.dynamodb.schema.optional import (
    optional,
    required,
)
from autoforge.dynamodb.schema.set_attributes import (
    IdSet,
    TextSet,
)
from autoforge.dynamodb.schema.text_attributes import (
    Id,
    Text,
)
from autoforge.dynamodb.schema.text_codecs import (
    EnumCodec,
)
from autoforge.dynamodb.schema.time_attributes import (
    Expiry,
    Moment,
)
from autoforge.dynamodb.schema.transaction_mark import (
    TransactionMark,
)
from autoforge.dynamodb.schema.unique import (
    Unique,
)
from autoforge.dynamodb.store.connection import (
    StaleReadError,
)
from autoforge.dynamodb.store.store import (
    Store,
)
from autoforge.dynamodb.table import (
    Table,
)
from autoforge.dynamodb.timestamps import (
    IdMint,
    as_timestamp,
    timestamp_text,
    utc_now,
)
from autoforge.dynamodb.writes.check import (
    Check,
)
from autoforge.dynamodb.writes.delete import (
    Delete,
)
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.dynamodb.writes.put import (
    Put,
)
from autoforge.dynamodb.writes.transaction import (
    Transaction,
)
from autoforge.dynamodb.writes.update import (
    Update,
)
from autoforge.dynamodb.writes.write import Write

__all__ = [
    "GSI",
    "LSI",
    "Array",
    "Boolean",
    "ByUnique",
    "Change",
    "Check",
    "Choice",
    "Client",
    "Composite",
    "Condition",
    "Cursors",
    "Delete",
    "Derived",
    "Document",
    "Drift",
    "DynoxideDynamoDB",
    "EmbeddedDynamoDB",
    "Entity",
    "EnumCodec",
    "Equality",
    "Expiry",
    "Explanation",
    "Fetch",
    "Get",
    "Hydrate",
    "Id",
    "IdMint",
    "IdSet",
    "Index",
    "Integer",
    "Json",
    "Key",
    "KeyValue",
    "Layout",
    "LocalCipher",
    "Lookup",
    "Moment",
    "Number",
    "Operation",
    "Page",
    "Part",
    "Pattern",
    "Permission",
    "Projection",
    "Put",
    "Query",
    "RetryPolicy",
    "Scan",
    "ScannedItem",
    "ScannedPage",
    "Snapshot",
    "SortRange",
    "StaleReadError",
    "Store",
    "Table",
    "Text",
    "TextSet",
    "Transaction",
    "TransactionMark",
    "Unique",
    "Update",
    "Write",
    "as_json",
    "as_timestamp",
    "explain",
    "nested",
    "optional",
    "permissions_of",
    "primary_key",
    "required",
    "timestamp_text",
    "utc_now",
]
