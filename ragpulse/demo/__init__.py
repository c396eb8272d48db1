"""A small cluster on one machine: a real Chroma, a memory service, a vLLM stand-in, and somebody who uses them."""
