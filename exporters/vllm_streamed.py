"""A streamed completion, asked for and read to its end. Errors: Failure, a stream that broke off as `stream_broken`."""

from collections.abc import Mapping

from exporters.http_client import Answer, HttpClient, Unanswered, WrongAnswer
from exporters.vllm_completion import Completion

_SEED = 1
_SPARE_EVENTS = 4  # beyond one for each token: who speaks, why it ended, what it used, [DONE]


def streamed(
    client: HttpClient, path: str, question: Mapping[str, object], max_tokens: int
) -> tuple[Completion, Answer]:
    """The same question gets the same answer, as far as that is the server's to see to."""
    completion = Completion(max_tokens + _SPARE_EVENTS)
    body = {
        **question,
        "max_tokens": max_tokens,
        "temperature": 0,
        "seed": _SEED,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    try:
        answer = client.request("POST", path, json_body=body, watch=completion.feed).expect(200)
    except Unanswered as failure:
        if failure.reason == "connect" and completion.has_begun:
            raise WrongAnswer("stream_broken", "the server hung up in the middle of the stream") from failure
        raise
    completion.end()
    return completion, answer
