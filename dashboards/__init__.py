"""Grafana boards, generated from the cluster file and the catalogue."""
