"""Set-based, paged questions that the incident desk asks of the operations database."""
