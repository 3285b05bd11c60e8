"""The documentation: the pages' links into the code, and the site that is built from them."""
