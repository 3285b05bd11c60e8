"""The data contracts: their model, their rules, the verdict on a table, what drifted, what was set aside."""
