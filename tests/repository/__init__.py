"""What surrounds the book: workflows, commands, versions, faults."""
