"""Actian VectorAI's REST API: requests into core values, results into its JSON.

Sections named in this package are those of the compatibility specification of this API: what the
official client sends and expects, and, where its maker is silent, what Qdrant's API does.
"""
