"""Others that do the same: Chroma's server, vecs, and SQL written by hand."""
