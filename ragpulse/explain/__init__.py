"""Why an alert fires, or does not."""
