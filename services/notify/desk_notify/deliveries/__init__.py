"""Messages on their way through channels besides Kafka."""
