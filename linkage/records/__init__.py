"""Supplied rows to standardised records: cleaning, identifiers, quarantine with reasons."""
