"""The CloudFormation template of the table: ``python -m cfn`` prints it."""
