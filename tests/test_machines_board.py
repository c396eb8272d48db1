"""What the board of machines shows of GPUs, asked of both generations of Prometheus over counters of an agent."""

from pathlib import Path

import pytest

from dashboards import machines_queries as queries
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows

# Two GPUs over ten minutes, one sample each 10 s: the one at 85 % and always inside the band, the other idle.
SERIES = {
    'up{job="ragpulse-agent"': "1x60",
    'ragpulse_gpu_busy_seconds_total{gpu="0"': "0+8.5x60",
    'ragpulse_gpu_observed_seconds_total{gpu="0"': "0+10x60",
    'ragpulse_gpu_utilization_band_seconds_total{gpu="0",band="below"': "0x60",
    'ragpulse_gpu_utilization_band_seconds_total{gpu="0",band="inside"': "0+10x60",
    'ragpulse_gpu_utilization_band_seconds_total{gpu="0",band="above"': "0x60",
    'ragpulse_gpu_busy_seconds_total{gpu="1"': "0x60",
    'ragpulse_gpu_observed_seconds_total{gpu="1"': "0+10x60",
    'ragpulse_gpu_utilization_band_seconds_total{gpu="1",band="below"': "0+10x60",
    'ragpulse_gpu_utilization_band_seconds_total{gpu="1",band="inside"': "0x60",
    'ragpulse_gpu_utilization_band_seconds_total{gpu="1",band="above"': "0x60",
    'ragpulse_gpu_energy_joules_total{gpu="0"': "1000+1200x60",
    'ragpulse_gpu_throttled_seconds_total{gpu="0",reason="power_cap"': "0+2.5x60",
    'ragpulse_gpu_memory_used_bytes{gpu="0"': "60e9x60",
    'ragpulse_gpu_memory_total_bytes{gpu="0"': "120e9x60",
    'ragpulse_gpu_clock_hertz{gpu="0",clock="sm"': "600e6x60",
    'ragpulse_gpu_clock_max_hertz{gpu="0",clock="sm"': "3000e6x60",
    'ragpulse_gpu_clock_hertz{gpu="0",clock="memory"': "1x60",
}
AT = ',cluster="home",node="a"}'


@each_generation
@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        pytest.param(queries.gpu_busy(), {'{gpu="0"' + AT: 0.85, '{gpu="1"' + AT: 0}, id="each GPU's true mean"),
        pytest.param(
            queries.gpu_bands(), {'{band="below"}': 0.5, '{band="inside"}': 0.5, '{band="above"}': 0},
            id="shares of the bands add up to one",
        ),
        pytest.param(queries.gpu_power(), {'{gpu="0"' + AT: 120}, id="watts from joules"),
        pytest.param(queries.gpu_memory_used(), {'{gpu="0"' + AT: 0.5}, id="share of the memory"),
        pytest.param(queries.gpu_clock(), {'{gpu="0",clock="sm"' + AT: 0.2}, id="share of the highest clock"),
        pytest.param(
            queries.gpu_throttled(), {'{gpu="0",reason="power_cap"' + AT: 0.25}, id="share of the time by reason"
        ),
    ],
)  # fmt: skip
def test_a_panel_shows(expression: str, shown: dict[str, float], generation: int, tmp_path: Path) -> None:
    assert_shows(expression, shown, SERIES, generation, tmp_path)
