"""What does ragpulse cost, beside the exporter that everybody knows? `make bench` measures it on this machine."""
