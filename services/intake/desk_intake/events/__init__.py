"""Events of systems that need not speak Kafka."""
