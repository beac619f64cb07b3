"""What leaves the project: person tables, tabulations, the catalogue."""
