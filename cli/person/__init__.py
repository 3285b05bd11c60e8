"""What the lakehouse holds of a person: found in every object and version of it, and erased from them."""
