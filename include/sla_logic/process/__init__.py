"""The steps of the process, one function for each row of process.md, by department."""
