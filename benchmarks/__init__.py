"""Figures, not tests: run each module by itself."""
