"""Every backbone on the same windows and budget: trained, timed, and put into one table."""
