"""Does vLLM answer, and does it offer its model to who has the key?

Source: GET /health (200 says only that the engine was not found dead: see `vllm_state` for a frozen one) and
GET /v1/models, which asks for the key.
"""

from exporters.http_client import Answer, HttpClient, WrongAnswer
from exporters.probe import Plan, ServiceProbe
from exporters.secret import secret_header
from ragpulse.services import Vllm


def vllm_probe(plan: Plan, vllm: Vllm) -> ServiceProbe:
    client = HttpClient(
        vllm.url,
        timeout=plan.request_timeout,
        headers=secret_header("Authorization", "Bearer", vllm.api_key_file),
        tls=vllm.tls,
    )

    def health() -> Answer:
        return client.get("/health", with_auth=False).expect()

    def models() -> Answer:
        answer = client.get("/v1/models").expect()
        offered = answer.mapping().get("data")
        names = [entry.get("id") for entry in offered if isinstance(entry, dict)] if isinstance(offered, list) else []
        if vllm.model not in names if vllm.model else not names:
            raise WrongAnswer("invalid", f"the model {vllm.model or ''} is not among those offered: {names}")
        return answer

    return ServiceProbe(plan, client, {"health": health, "models": models}, ready_when=("health", "models"))
