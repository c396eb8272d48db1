"""`python -m ragpulse.demo.vllm_standin`: the stand-in as a process of the demo."""

import argparse
from pathlib import Path

from ragpulse.demo.serve import serve
from ragpulse.demo.vllm_standin import faults
from ragpulse.demo.vllm_standin.app import build
from ragpulse.demo.vllm_standin.engine import EngineSettings


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for vLLM: its API and metrics without a model.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", default="stand-in")
    parser.add_argument("--api-key-file", type=Path, help="without it everybody is served")
    parser.add_argument("--fault-file", type=Path, help=f"says what to do wrong: {', '.join(faults.Fault)}")
    arguments = parser.parse_args()
    key = arguments.api_key_file.read_text().strip() if arguments.api_key_file else None
    fault = faults.told_by(arguments.fault_file) if arguments.fault_file else faults.none
    serve(build(arguments.model, key, EngineSettings(), fault), arguments.port)


if __name__ == "__main__":
    main()
