"""How good the linkage is: accuracy against the truth, and what follows from its errors."""
