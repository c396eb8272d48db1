"""The mutation of rules: what is made of an expression, and that the tool tells a test that notices from one that does
not.
"""

from dataclasses import replace
from pathlib import Path

import promql_parser
import pytest

from tests.fakes.rule_cases import FOLDER, SMALL_CLUSTER, Case, cases, rules_of
from tests.mutation import equivalent, report
from tests.mutation.expression import mutations
from tests.mutation.judge import cases_by_spot, kills, promtool_passes
from tests.mutation.printing import printed, shape
from tests.mutation.report import Verdict
from tests.mutation.rule import Mutant, loaded_by, mutants


def made(expression: str) -> set[str]:
    return {each.expression for each in mutations(expression)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("x > 0.5", {"x{} >= 0.5", "x{} <= 0.5", "x{}", "x{} > 0.25", "x{} > 1"}, id="a threshold"),
        pytest.param("x < bool 20", {"x{} <= bool 20", "x{} >= bool 20", "x{} < bool 10", "x{} < bool 40"}, id="bool"),
        pytest.param("x == 1", {"x{} != 1", "x{}", "x{} == 0"}, id="a state"),
        pytest.param("x unless on (a) y", {"x{}"}, id="a guard"),
        pytest.param("x and y", {"x{}", "y{}"}, id="two conditions"),
        pytest.param("x or on () y", {"x{}", "y{}"}, id="two alternatives"),
        pytest.param("x / (y > 0) - 20", {
            "(x{} / ((y{} >= 0))) - 20", "(x{} / ((y{} <= 0))) - 20", "(x{} / ((y{}))) - 20",
            "(x{} / ((y{} > 1))) - 20", "(x{} / ((y{} > -1))) - 20",
            "(x{} / ((y{} > 0))) - 10", "(x{} / ((y{} > 0))) - 40",
        }, id="a denominator"),
        pytest.param("rate(x[1m])", {"rate(x{}[30s])", "rate(x{}[2m])"}, id="a window"),
        pytest.param("x offset 1h", {"x{} offset 30m", "x{} offset 2h"}, id="an offset"),
        pytest.param("rate(x[1m] offset 1h)", {
            "rate(x{}[30s] offset 1h)", "rate(x{}[2m] offset 1h)", "rate(x{}[1m] offset 30m)",
            "rate(x{}[1m] offset 2h)",
        }, id="a window of another time"),
    ],
)  # fmt: skip
def test_each_part_of_an_expression_is_changed_once(expression: str, expected: set[str]) -> None:
    assert made(expression) == expected


def test_what_stands_in_quotes_stays_as_it_is() -> None:
    expression = 'rate(x{le=~"1|1\\\\.0",a="> 5 unless [5m]"}[1m])'
    assert all('{le=~"1|1\\\\.0",a="> 5 unless [5m]"}' in mutant for mutant in made(expression))


def test_no_expression_of_ours_means_anything_else_once_it_is_printed() -> None:
    for rule in rules_of(SMALL_CLUSTER):
        parsed = promql_parser.parse(rule.body["expr"])
        again = printed(promql_parser.parse(printed(parsed)))
        assert again.replace("(", "").replace(")", "") == printed(parsed).replace("(", "").replace(")", "")


def test_one_line_of_code_has_one_shape() -> None:
    first, second, other = (
        shape(promql_parser.parse(text))
        for text in ('max(x{a="b"}) > 1', 'max(x{a="c",d="e"}) > 2', 'max by (a) (x{a="b"}) > 1')
    )
    assert first == second != other


NODE_MUTANTS = [each for each in mutants(loaded_by(["node"])) if each.component == "node"]


def survivors(found: list[Case]) -> set[str]:
    able = cases_by_spot(found)
    return {
        each.change
        for each in NODE_MUTANTS
        if not kills(each, [case for spot in each.changed for case in able[spot]], promtool_passes)
    }


def test_tests_of_both_sides_of_each_boundary_kill_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert len(NODE_MUTANTS) >= 6
    assert survivors(list(cases("node"))) == set()


def test_a_rule_that_is_tested_only_where_it_fires_keeps_survivors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = cases("node")[0]
    fires = [each for each in first.test["alert_rule_test"] if each["exp_alerts"]]
    found = survivors([replace(first, test=first.test | {"alert_rule_test": fires})])
    assert "for: 10s dropped" in found
    assert "severity: page → ticket" not in found


def test_what_was_judged_once_is_not_run_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    case = cases("node")[0]
    assert promtool_passes(case, {})
    monkeypatch.setattr("tests.mutation.judge.subprocess", None)
    assert promtool_passes(case, {})


def verdict(component: str, *, killed: bool, equivalent: str | None = None) -> Verdict:
    return Verdict(Mutant(component, "Rule", "page", "1 → 2", {}), killed, equivalent)


def test_the_score_counts_no_equivalent_mutant_and_no_component_may_hide_behind_others() -> None:
    verdicts = [verdict("a", killed=True)] * 97 + [verdict("b", killed=True)] * 3 + [verdict("b", killed=False)]
    assert report.score(verdicts) == 100 / 101
    assert not report.good_enough(verdicts)
    assert report.good_enough([*verdicts, verdict("b", killed=True)])
    assert report.score([verdict("a", killed=True), verdict("a", killed=False, equivalent="no count is 4.5")]) == 1


def test_the_report_names_each_survivor_with_its_change() -> None:
    text = report.text([verdict("a", killed=True), verdict("a", killed=False)])
    assert "| `a` | 2 | 1 | 0 | 1 | 50.0 % |" in text
    assert "- a: `Rule (page): 1 → 2`" in text


def test_every_equivalent_mutant_is_one_that_there_is_and_has_a_reason() -> None:
    found = mutants(loaded_by(path.stem for path in FOLDER.glob("*.yml")))
    for entry in equivalent.entries():
        assert set(entry) == {"rule", "change", "reason"}
        assert any(equivalent.fits(entry, each) for each in found), f"no mutant is called so: {entry}"
