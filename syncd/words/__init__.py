"""Words: what plans, licenses and forecasts are called, on the command line and in the console alike."""
