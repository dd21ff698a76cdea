"""Pictures of what was measured and what it costs."""
