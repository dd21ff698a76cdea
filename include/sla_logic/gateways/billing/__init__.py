"""Post credits to an external billing system, read back what it holds, and compare both."""
