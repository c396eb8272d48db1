"""What `ragpulse check` asks: one aspect of the cluster in each file, as checks that know what they need."""
