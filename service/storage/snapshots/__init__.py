"""Snapshots of namespaces: their files, where these are kept, and tables made of files."""
