"""Prometheus rules and Alertmanager configuration, generated from the cluster file and the catalogue."""
