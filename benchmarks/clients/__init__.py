"""Clients of DynamoDB, each made to do the same things, and what that costs them."""
