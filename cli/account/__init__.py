"""The account that the lakehouse is deployed to: the identity in use, its permissions, and the execution role."""
