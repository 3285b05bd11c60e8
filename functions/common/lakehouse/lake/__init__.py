"""Where everything is: every key and database name, the objects in S3, the Glue Data Catalog."""
