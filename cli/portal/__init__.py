"""The portal: one HTML page that shows a lakehouse. Its source is in portal/; here it is filled with data."""
