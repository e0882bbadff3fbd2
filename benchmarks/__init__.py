"""Measurements: what the service does on a machine, beside PostgreSQL itself and its peers."""
