"""An account as one HTML file: no script, nothing loaded, light or dark as the reader's system is."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from ragpulse.report import plots, wording
from ragpulse.report.account import Account


def html(found: Account) -> str:
    templates = Environment(
        loader=PackageLoader("ragpulse.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    targets = [
        {
            "verdict": one.attained.verdict.replace(" ", "-"),
            "cells": dict(zip(wording.TARGET_TITLES, wording.target(one), strict=True)),
            "plots": list(plots.plots(one, found.window, found.slice)),
        }
        for one in found.targets
    ]
    return templates.get_template("report.html").render(
        cluster=found.cluster, span=wording.span(found.window), targets=targets, facts=list(wording.facts(found)),
        alert_titles=wording.ALERT_TITLES, alerts=[wording.alert(one) for one in found.alerts],
        width=plots.WIDTH, height=plots.HEIGHT,
    )  # fmt: skip
