"""Answers to the exercises, a module a chapter: wrong ones with what the checker should say, and other right ones."""
