"""Speed, as medians of repeats and ratios beside a peer in the same run. Nothing here is a test."""
