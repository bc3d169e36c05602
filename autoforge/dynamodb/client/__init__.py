"""A client of DynamoDB: retries, mapping of errors, concurrent requests."""
