"""The tables of the operations database, one module for each subject."""
