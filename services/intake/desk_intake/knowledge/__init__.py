"""What is known, for everybody to read: articles of the desk and answers of colleagues."""
