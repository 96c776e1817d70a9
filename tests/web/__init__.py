"""The site and the downloads, built."""
