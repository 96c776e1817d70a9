"""What makes the site of the words."""
