"""The prediction of a run of any size: measured coefficients, the model, the limits."""
