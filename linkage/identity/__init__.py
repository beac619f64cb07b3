"""Clusters to persons that last."""
