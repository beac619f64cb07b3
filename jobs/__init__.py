"""One thin module for each job: parse, load config, read, call, write, report."""
