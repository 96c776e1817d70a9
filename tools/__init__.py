"""What a person or a test runs."""
