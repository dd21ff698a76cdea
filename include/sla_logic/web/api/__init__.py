"""The desk as JSON, with the same rights as its pages (OpenAPI at /api/v1/openapi.json)."""
