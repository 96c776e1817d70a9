"""The labs in a real browser, and their arithmetic against Keras."""
