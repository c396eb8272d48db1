"""Announced work: silences of Alertmanager that say what is worked on, by whom, why and until when."""
