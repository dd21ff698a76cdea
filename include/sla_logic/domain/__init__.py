"""What TELECO's incident process is made of: plain values and pure rules."""
