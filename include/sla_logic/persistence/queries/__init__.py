"""Read models: what the desk, the command line and metrics ask of the database."""
