"""Where everything lies: every key and database name, the objects of S3, the Glue Data Catalog."""
