"""What a run of any size would take: coefficients that were measured, the prediction, the limits."""
