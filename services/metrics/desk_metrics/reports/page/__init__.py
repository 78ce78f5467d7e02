"""The report as one page: headline figures, plots and tables, ready for print."""
