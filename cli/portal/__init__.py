"""The portal: one HTML page that shows a lakehouse. Its source is in portal/; here the data is gathered and put in."""
