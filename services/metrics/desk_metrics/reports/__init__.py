"""What the figures say to owners: causes, proposals, responses, the report page."""
