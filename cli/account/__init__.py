"""The account the lakehouse is deployed to: who asks, what they may do, and which role runs everything."""
