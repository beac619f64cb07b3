"""Clusters made into persons that last."""
