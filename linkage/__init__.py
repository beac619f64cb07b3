"""The work: functions from DataFrames and plain values to DataFrames and plain values."""
