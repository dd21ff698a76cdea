"""Measurements of speed; they check no behaviour."""
