"""turbopuffer's API: requests into core values, results into its JSON.

Sections named in this package are those of the compatibility specification: what the service's
official clients send and expect.
"""
