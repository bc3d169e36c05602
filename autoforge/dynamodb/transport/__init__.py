"""How a request reaches DynamoDB: connections, signatures, HTTP, or botocore."""
