"""What other systems export: how a file is opened, cut into records and read as rows."""
