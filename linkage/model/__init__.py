"""The Fellegi–Sunter model without Spark: specification, estimation, Splink JSON in and out."""
