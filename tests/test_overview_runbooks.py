from pathlib import Path

import pytest

from ragpulse.overview import runbooks

RUNBOOK = """# ServiceDown

No probe of **it** is answered.
See [the other](ServiceNotReady.md) and [there](https://example.org/x).

1. Look at `ss -ltn`,
   then wait.
2. Start <it>

- one
- two

```
curl "http://x" && <y>
# no heading
```

| a | b |
|---|---|

[bad](javascript:alert(1))
"""


def test_a_runbook_is_readable_and_harmless() -> None:
    assert runbooks.html(RUNBOOK).splitlines() == [
        "<h1>ServiceDown</h1>",
        (
            '<p>No probe of <strong>it</strong> is answered. See <a href="/runbooks/ServiceNotReady">the other</a> and '
            '<a href="https://example.org/x">there</a>.</p>'
        ),
        "<ol><li>Look at <code>ss -ltn</code>, then wait.</li><li>Start &lt;it&gt;</li></ol>",
        "<ul><li>one</li><li>two</li></ul>",
        '<pre tabindex="0">curl &#34;http://x&#34; &amp;&amp; &lt;y&gt;',
        "# no heading</pre>",
        '<pre tabindex="0">| a | b |',
        "|---|---|</pre>",
        "<p>[bad](javascript:alert(1))</p>",
    ]


@pytest.mark.parametrize("name", ["../secret", "A/../../x", "A.md", "", "Ä", "A1"])
def test_only_names_that_an_alert_can_have_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "secret.md").write_text("secret")
    assert runbooks.read(tmp_path / "runbooks", name) is None


def test_a_runbook_without_an_end_is_shown_to_its_end() -> None:
    assert runbooks.html("```\nopen") == '<pre tabindex="0">open</pre>'
