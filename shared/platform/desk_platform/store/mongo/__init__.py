"""The store on MongoDB, or on whatever speaks its protocol."""
