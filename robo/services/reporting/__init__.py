"""Reports of hours: one value with all figures, and a format for each reader. Formats print, they never calculate."""
