"""Step Functions: what a definition declares, what an execution did, and what it costs."""
