"""What does a person see who opens the agent in a browser? Its node, its sources and how each of them does.

`now` is Unix time. Nothing of it is asked anew: it shows what the runners remember.
"""

from collections.abc import Iterable
from html import escape

from exporters.about import About
from exporters.runner import Runner
from exporters.source import Noting
from ragpulse import __version__
from ragpulse.units import human_duration

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ragpulse agent of {node}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1c2430; background: #fff; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #d9dee5; vertical-align: top; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
.ok {{ color: #14723b; }} .error, .deadline {{ color: #b3261e; font-weight: 600; }} .waiting {{ color: #5b6572; }}
</style>
</head>
<body>
<h1>ragpulse agent of {node}</h1>
{said}
<p>Version {version}. <a href="metrics">metrics</a> · <a href="healthz">healthz</a> · <a href="readyz">readyz</a></p>
<table>
<thead><tr><th>Source</th><th>State</th><th>Last success</th><th>Duration</th>
<th>Runs: ok</th><th>error</th><th>deadline</th><th>Last error</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
</body>
</html>
"""


def landing(about: About, runners: Iterable[Runner], now: float) -> str:
    rows = "".join(_row(runner, now) for runner in runners)
    said = f"<p><strong>{escape(about.note)}</strong></p>" if about.note else ""
    if about.refused:
        said += f'<p class="error">An older cluster file is in use; the newest was refused: {escape(about.refused)}</p>'
    return _PAGE.format(node=escape(about.node), version=escape(__version__), said=said, rows=rows)


def _row(runner: Runner, now: float) -> str:
    source, health = runner.source, runner.health
    note = f"<br><small>{escape(source.note)}</small>" if isinstance(source, Noting) and source.note else ""
    duration = "none yet" if health.duration is None else f"{health.duration * 1000:.1f} ms"
    error = "" if health.error is None else f"{health.error} ({_ago(health.error_at, now)})"
    counts = "".join(f'<td class="number">{count}</td>' for count in health.runs.values())
    return (
        f'<tr><td>{escape(source.name)}{note}</td><td class="{escape(health.state)}">{escape(health.state)}</td>'
        f"<td>{_ago(health.last_success, now)}</td>"
        f'<td class="number">{duration}</td>{counts}<td>{escape(error)}</td></tr>\n'
    )


def _ago(moment: float | None, now: float) -> str:
    return "never" if moment is None else f"{human_duration(max(0.0, now - moment))} ago"
