"""From published files to clouds, labels, ids and shots."""
