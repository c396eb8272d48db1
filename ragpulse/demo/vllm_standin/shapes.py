"""The JSON of answers, key for key as vLLM 0.32.0 sends it.

Taken from recorded exchanges; only the chat answer that is not streamed follows the published OpenAI format instead.
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from ragpulse.demo.vllm_standin import FINGERPRINT, OWNER
from ragpulse.demo.vllm_standin.text import FinishReason, Token

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"


def event(content: Json) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"


@dataclass(frozen=True, slots=True)
class Head:
    """What all messages of one answer share."""

    kind: Literal["completion", "chat"]
    model: str
    created: int = field(default_factory=lambda: int(time.time()))
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    def chunk(self, choices: list[Json]) -> Json:
        return self._message("text_completion" if self.kind == "completion" else "chat.completion.chunk", choices)

    def whole(self, choices: list[Json]) -> Json:
        return self._message("text_completion" if self.kind == "completion" else "chat.completion", choices)

    def _message(self, name: str, choices: list[Json]) -> Json:
        prefix = "cmpl" if self.kind == "completion" else "chatcmpl"
        return {
            "id": f"{prefix}-{self.key}",
            "object": name,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def first_chat_chunk(head: Head) -> Json:
    """A streamed chat begins with the role, before any token."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
    return {**head.chunk([choice]), "prompt_token_ids": None, "prompt_text": None}


def token_chunk(head: Head, token: Token) -> Json:
    if head.kind == "completion":
        choice = {
            "index": 0,
            "text": token.text,
            "logprobs": None,
            "finish_reason": token.finish_reason,
            "stop_reason": None,
            "prompt_token_ids": None,
            "token_ids": None,
        }
    else:
        choice = {
            "index": 0,
            "delta": {"content": token.text},
            "logprobs": None,
            "finish_reason": token.finish_reason,
            **({"stop_reason": None} if token.finish_reason else {}),
            "token_ids": None,
        }
    return head.chunk([choice])


def with_fingerprint(chunk: Json) -> Json:
    """The last event before [DONE] carries it."""
    return {**chunk, "system_fingerprint": FINGERPRINT}


def usage_chunk(head: Head, prompt_tokens: int, generated: int) -> Json:
    return {**head.chunk([]), "usage": _usage(prompt_tokens, generated)}


def whole_answer(head: Head, tokens: list[Token], prompt_tokens: int) -> Json:
    details = {"prompt_tokens_details": None, "completion_tokens_details": None}
    answer = head.whole([_whole_choice(head, "".join(token.text for token in tokens), tokens[-1].finish_reason)])
    return answer | {
        "service_tier": None,
        "system_fingerprint": FINGERPRINT,
        "usage": _usage(prompt_tokens, len(tokens)) | details,
        "kv_transfer_params": None,
        "ec_transfer_params": None,
        "metrics": None,
    }


def models(model: str, max_model_len: int, created: int) -> Json:
    permission = {
        "id": f"modelperm-{model}",
        "object": "model_permission",
        "created": created,
        "allow_create_engine": False,
        "allow_sampling": True,
        "allow_logprobs": False,
        "allow_search_indices": False,
        "allow_view": True,
        "allow_fine_tuning": False,
        "organization": "*",
        "group": None,
        "is_blocking": False,
    }
    entry = {
        "id": model,
        "object": "model",
        "created": created,
        "owned_by": OWNER,
        "root": model,
        "parent": None,
        "max_model_len": max_model_len,
        "permission": [permission],
    }
    return {"object": "list", "data": [entry]}


def error(message: str, kind: str, parameter: str | None, code: int) -> Json:
    return {"error": {"message": message, "type": kind, "param": parameter, "code": code}}


def _usage(prompt_tokens: int, generated: int) -> Json:
    return {
        "prompt_tokens": prompt_tokens,
        "total_tokens": prompt_tokens + generated,
        "completion_tokens": generated,
    }


def _whole_choice(head: Head, text: str, reason: FinishReason | None) -> Json:
    common = {"logprobs": None, "finish_reason": reason, "stop_reason": None, "token_ids": None}
    if head.kind == "chat":
        return {"index": 0, "message": {"role": "assistant", "content": text}, **common}
    return {
        "index": 0,
        "text": text,
        **common,
        "prompt_logprobs": None,
        "prompt_token_ids": None,
        "routed_experts": None,
    }
