"""The engine: requests wait for one of a few slots, and each step gives every request in a slot one token.

A step lasts longer by what the prompts of newly admitted requests cost. Nothing is ever pre-empted: the KV cache is as
large as all slots at full length. Times are seconds of the monotonic clock. Errors: Refused, with what
it was told to do wrong.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

from ragpulse.demo.vllm_standin.faults import Fault, Told
from ragpulse.demo.vllm_standin.metrics import Metrics, Occupied
from ragpulse.demo.vllm_standin.text import Token, count_tokens
from ragpulse.demo.vllm_standin.wanted import Refused

_BLOCK_TOKENS = 16
_LONG_STEPS = 8
_FAILS_EACH = {Fault.SOME_ERRORS: 20, Fault.MANY_ERRORS: 4}
_FAILED = "EngineCore encountered an issue. See stack trace (above) for the root cause."
_HUNG_LOOK = 0.1  # seconds between two looks at whether it still hangs


@dataclass(frozen=True, slots=True)
class EngineSettings:
    max_num_seqs: int = 4
    max_model_len: int = 512
    step_seconds: float = 0.025
    prefill_seconds_per_token: float = 0.000_04

    @property
    def kv_cache_tokens(self) -> int:
        return self.max_num_seqs * self.max_model_len

    def cache_config(self) -> dict[str, str]:
        """The labels of `vllm:cache_config_info`: the few of its forty that say something here."""
        return {
            "block_size": str(_BLOCK_TOKENS),
            "cache_dtype": "auto",
            "enable_prefix_caching": "False",
            "kv_cache_size_tokens": str(self.kv_cache_tokens),
            "num_gpu_blocks": str(self.kv_cache_tokens // _BLOCK_TOKENS),
        }


@dataclass(slots=True, eq=False)
class _Sequence:
    prompt_tokens: int
    tokens: Iterator[Token]
    arrived: float
    out: asyncio.Queue[Token] = field(default_factory=asyncio.Queue)
    admitted: float = 0.0
    latest: float = 0.0
    generated: int = 0

    @property
    def held(self) -> int:
        """Tokens in the KV cache."""
        return self.prompt_tokens + self.generated


class Engine:
    def __init__(self, settings: EngineSettings, metrics: Metrics, fault: Told) -> None:
        self.settings = settings
        self._metrics = metrics
        self._fault = fault
        self._waiting: deque[_Sequence] = deque()
        self._running: list[_Sequence] = []
        self._work = asyncio.Event()
        self._expected = 0
        self._frozen: Occupied | None = None  # what was true when it began to hang
        metrics.watch(lambda: self._frozen or self._occupied())

    def expect(self) -> None:
        """Asked before a request is taken. Errors: Refused."""
        self._expected += 1
        fault = self._fault()
        if fault in _FAILS_EACH and self._expected % _FAILS_EACH[fault] == 0:
            raise Refused(500, "InternalServerError", None, _FAILED)
        if fault is Fault.REJECT and len(self._running) + len(self._waiting) >= self._slots():
            self._metrics.rejections["max_num_queued_reqs"].inc()
            raise Refused(
                503, "ServiceUnavailableError", None, "The queue is full: the stand-in was told to have none."
            )

    async def generate(self, prompt: str, tokens: Iterator[Token]) -> AsyncGenerator[Token, None]:
        """`tokens` at the engine's pace. Closing the iterator before its end is an abort: the slot is free at once."""
        sequence = _Sequence(count_tokens(prompt), tokens, arrived=time.monotonic())
        self._waiting.append(sequence)
        self._work.set()
        try:
            finished = False
            while not finished:
                token = await sequence.out.get()
                finished = token.finish_reason is not None
                yield token
                if self._fault() is Fault.STREAM_ERROR:
                    raise Refused(500, "InternalServerError", None, _FAILED)
        finally:
            self._forget(sequence)

    async def run(self) -> None:
        """Until cancelled."""
        due = time.monotonic()
        while True:
            if not self._running and not self._waiting:
                self._work.clear()
                await self._work.wait()
                due = time.monotonic()
            await self._hang()
            admitted = self._admit()
            prompt_tokens = sum(sequence.prompt_tokens for sequence in admitted)
            # From one due time to the next, so that late wake-ups do not add up.
            due += self._step_seconds() + prompt_tokens * self.settings.prefill_seconds_per_token
            due = max(due, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            self._step(admitted)

    async def _hang(self) -> None:
        """For as long as it is told to. Its figures are those of the last step; the API goes on."""
        while self._fault() is Fault.HANG:
            self._frozen = self._frozen or self._occupied()
            await asyncio.sleep(_HUNG_LOOK)
        self._frozen = None

    def _slots(self) -> int:
        return 1 if self._fault() is Fault.SATURATE else self.settings.max_num_seqs

    def _step_seconds(self) -> float:
        return self.settings.step_seconds * (_LONG_STEPS if self._fault() in {Fault.SATURATE, Fault.SLOW} else 1)

    def _admit(self) -> list[_Sequence]:
        """Fill the free slots, first come, first served."""
        free = max(0, self._slots() - len(self._running))
        admitted = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        for sequence in admitted:
            sequence.admitted = time.monotonic()
        self._running += admitted
        return admitted

    def _step(self, admitted: list[_Sequence]) -> None:
        """Figures move before a token is handed out: who has read an answer finds it counted."""
        now = time.monotonic()
        batch = list(self._running)
        prefilled = sum(sequence.prompt_tokens for sequence in admitted if sequence in batch)
        if not batch:
            return  # all were aborted while the step ran
        self._metrics.prompt_tokens.inc(prefilled)
        self._metrics.generation_tokens.inc(len(batch))
        self._metrics.step_tokens.observe(prefilled + len(batch))
        for sequence in batch:
            self._emit(sequence, now)

    def _emit(self, sequence: _Sequence, now: float) -> None:
        if sequence.generated == 0:
            self._metrics.ttft.observe(now - sequence.arrived)
        else:
            self._metrics.itl.observe(now - sequence.latest)
        sequence.generated += 1
        sequence.latest = now
        token = next(sequence.tokens)
        if token.finish_reason is not None:
            self._running.remove(sequence)
            self._metrics.finished[token.finish_reason].inc()
            self._metrics.e2e.observe(now - sequence.arrived)
            self._metrics.queue_time.observe(sequence.admitted - sequence.arrived)
        sequence.out.put_nowait(token)

    def _forget(self, sequence: _Sequence) -> None:
        if sequence in self._running:
            self._running.remove(sequence)
        elif sequence in self._waiting:
            self._waiting.remove(sequence)

    def _occupied(self) -> Occupied:
        held = sum(sequence.held for sequence in self._running)
        return Occupied(len(self._running), len(self._waiting), held / self.settings.kv_cache_tokens)
