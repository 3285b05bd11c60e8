"""The data contracts: their model, their rules, the verdict on a table, drift, and the quarantine."""
