"""What a panel's expression shows, asked of a real Prometheus's promtool over series as agents publish them."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.binaries import binary


def assert_shows(
    expression: str, shown: Mapping[str, float], series: Mapping[str, str], generation: int, folder: Path
) -> None:
    """`series`: selector without its last brace → values, 10 s apart. The same of another cluster must not count."""
    expression = expression.replace("$__rate_interval", "5m").replace("$cluster", "home").replace("$node", ".*")
    everywhere = [
        {"series": f'{name},cluster="{cluster}",node="a"}}'.replace("{,", "{"), "values": values}
        for cluster in ("home", "other")
        for name, values in series.items()
    ]
    case = {
        "expr": f"round({expression}, 0.001)",
        "eval_time": "10m",
        "exp_samples": [{"labels": labels, "value": value} for labels, value in shown.items()],
    }
    test = {"interval": "10s", "input_series": everywhere, "promql_expr_test": [case]}
    (folder / "panel.yml").write_text(json.dumps({"tests": [test]}))
    result = subprocess.run(
        [binary("promtool", generation), "test", "rules", "panel.yml"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
