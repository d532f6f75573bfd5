"""What every stage uses: errors for users, files and folders, HDF5 and Parquet, jobs, devices."""
