"""A tab in TensorBoard that shows the report of the logs it serves, and keeps it up to date."""
