"""The pages people read: their links into the code, and the site that they build to."""
