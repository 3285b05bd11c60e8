"""Questions to the lakehouse in SQL: what may be asked, how Athena is asked, and what comes of the answer."""
