"""Documents made from the code: JSON Schemas, AsyncAPI and the page of events."""
