"""What keeps identifiers apart: zones, pseudonyms, extracts, deletion, audit."""
