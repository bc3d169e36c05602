"""A client of DynamoDB: retries, errors by meaning, requests at once."""
