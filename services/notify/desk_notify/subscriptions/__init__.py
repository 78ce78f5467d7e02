"""Who is told, where and in which language."""
