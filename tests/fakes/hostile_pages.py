"""Pages of metrics that no vLLM says, each with what comes of it: an error of ours, or so many series left out."""

from collections.abc import Iterable

RUNNING, WAITING, TOKENS = "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:generation_tokens_total"
TTFT = "vllm:time_to_first_token_seconds"
FINISHED = "vllm:request_success_total"
MANY = 10_000


def line(name: str, value: object = 1, **labels: object) -> str:
    said = ",".join(f'{label}="{text}"' for label, text in ({"model_name": "llama", "engine": 0} | labels).items())
    return f"{name}{{{said}}} {value}\n"


def family(name: str, kind: str, lines: Iterable[str]) -> str:
    return f"# TYPE {name} {kind}\n{''.join(lines)}"


def running(*lines: str) -> str:
    return family(RUNNING, "gauge", lines or [line(RUNNING)])


def histogram(buckets: dict[str, object], total: object = 1, count: object = 1) -> str:
    bucket = [line(f"{TTFT}_bucket", value, le=edge) for edge, value in buckets.items()]
    return family(TTFT, "histogram", [*bucket, line(f"{TTFT}_sum", total), line(f"{TTFT}_count", count)])


UNREADABLE: dict[str, str | bytes] = {
    "NaN": running(line(RUNNING, "NaN")),
    "Inf": running(line(RUNNING, "+Inf")),
    "a negative": running(line(RUNNING, -1)),
    "1e308": running(line(RUNNING, "1e308")),
    "no number": running(line(RUNNING, "many")),
    "a series twice": running(line(RUNNING), line(RUNNING)),
    "a family twice": running() + family(WAITING, "gauge", [line(WAITING)]) + running(),
    "a type that changes": running() + family(RUNNING, "counter", [line(RUNNING)]),
    "two types": f"# TYPE {RUNNING} counter\n" + running(),
    "a sum twice": histogram({"+Inf": 1}) + line(f"{TTFT}_sum", 2),
    "an edge that is NaN": histogram({"0.1": 0, "NaN": 1, "+Inf": 1}),
    "edges in disorder": histogram({"0.5": 0, "0.1": 1, "+Inf": 1}),
    "buckets that shrink": histogram({"0.1": 5, "+Inf": 1}),
    "a sum that is NaN": histogram({"+Inf": 1}, total="NaN"),
    "invalid UTF-8": running().encode() + b'vllm:x{a="\xff"} 1\n',
    "UTF-16": running().encode("utf-16"),
    "a quote without end": running() + f'{RUNNING}{{engine="1\n',
    "a brace without end": running() + f'{RUNNING}{{engine="1" 1\n',
    "a line of 100 KB": running() + line(WAITING, colour="x" * 100_000),
    "10,000 labels": running() + line(WAITING, **{f"x{number}": "" for number in range(MANY)}),
    "4 MB of escaped quotes": running() + line(WAITING, colour='\\"' * 2_000_000),
    "4 MB of labels": running() + family(WAITING, "gauge", [line(WAITING, x=number) for number in range(80_000)]),
    "a page cut off": running().rstrip(),
    "no metrics": "welcome\n" * 100,
}
LEFT_OUT: dict[str, tuple[str, int]] = {
    "10,000 engines": (running(*(line(RUNNING, engine=number) for number in range(MANY))), MANY - 64),
    "10,000 models": (running(*(line(RUNNING, model_name=f"m{number}") for number in range(MANY))), MANY - 64),
    "10,000 reasons": (
        running() + family(FINISHED, "counter", (line(FINISHED, finished_reason=number) for number in range(MANY))),
        MANY,
    ),
    "10,000 buckets": (running() + histogram({**{str(n): 1 for n in range(MANY)}, "+Inf": 1}), MANY + 3),
    "a model of 3 KB": (running(line(RUNNING), line(RUNNING, model_name="x" * 3000)), 1),
    "a model with a line break": (running(line(RUNNING), line(RUNNING, model_name="a\\nb")), 1),
    "a model with NUL": (running(line(RUNNING), line(RUNNING, model_name="a\0b")), 1),
    "an escape sequence": (running(line(RUNNING), line(RUNNING, engine="\x1b[2J")), 1),
    "quotes and smileys": (running(line(RUNNING), line(RUNNING, model_name='\\"} 1 \\\\ 🙂')), 0),
    "times long gone": (running(line(RUNNING, "1 1")), 0),
    "no engine": (f"# TYPE {RUNNING} gauge\n{RUNNING} 1\n", 0),
    "families that nobody knows": (
        running() + "".join(family(f"vllm:x{number}", "gauge", [line(f"vllm:x{number}")]) for number in range(MANY)),
        0,
    ),
    "text of others": (running() + "other{ garbled\n" * 1000, 0),
}
