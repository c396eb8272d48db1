"""A GPU that is not there: what NVML would answer, told from a scenario file (docs/gpu.md describes the format)."""
