"""Text files as people hand them in: lines and CSV rows, with the place of whatever is wrong in them."""
