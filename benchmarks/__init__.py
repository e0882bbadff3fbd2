"""Measurements: what the service adds to PostgreSQL, in latency and in throughput."""
