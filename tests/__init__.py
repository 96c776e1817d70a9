"""What proves the book, by the room it guards."""
