"""Any target becomes an indicator matrix, read in blocks."""
