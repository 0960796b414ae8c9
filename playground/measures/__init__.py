"""What results are measured with: distances to data, and units."""
