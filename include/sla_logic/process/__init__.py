"""The process of TELECO: the steps by department, and the graph that says what follows what."""
