"""boto3's resource: one get."""

import sys

import boto3

table = boto3.resource("dynamodb", endpoint_url=sys.argv[1]).Table("Benchmark")
print(table.get_item(Key={"PK": "PROJECT#1", "SK": "EVENT#1"})["Item"]["summary"])
