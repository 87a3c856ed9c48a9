"""Where files lie: directories and S3, and zips that are read in parts."""
