import re
import textwrap
from html import unescape
from pathlib import Path

import pytest

from ragpulse.overview import runbooks

FOLDER = runbooks.folder()
FENCE = re.compile(r"^( *)```.*\n((?:.*\n)*?) *```$", re.MULTILINE)
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
        '<ol start="1"><li>Look at <code>ss -ltn</code>, then wait.</li><li>Start &lt;it&gt;</li></ol>',
        "<ul><li>one</li><li>two</li></ul>",
        '<pre tabindex="0">curl &#34;http://x&#34; &amp;&amp; &lt;y&gt;',
        "# no heading</pre>",
        '<pre tabindex="0">| a | b |',
        "|---|---|</pre>",
        "<p>[bad](javascript:alert(1))</p>",
    ]


@pytest.mark.parametrize("name", ["../secret", "A/../../x", "A.md", "", "Ä", "A1", "README"])
def test_only_names_that_an_alert_can_have_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "runbooks" / "README.md").write_text("explains the words of the others")
    assert runbooks.read(tmp_path / "runbooks", name) is None


def test_a_runbook_without_an_end_is_shown_to_its_end() -> None:
    assert runbooks.html("```\nopen") == '<pre tabindex="0">open</pre>'


def test_a_list_with_a_block_under_each_item_counts_on() -> None:
    text = "1. look:\n\n   ```sh\n   a \\\n     b\n   ```\n\n2. then:\n   ```sh\n   c\n   ```\n\n3. rest"
    assert runbooks.html(text).splitlines() == [
        '<ol start="1"><li>look:</li></ol>',
        '<pre tabindex="0">a \\',
        "  b</pre>",
        '<ol start="2"><li>then:</li></ol>',
        '<pre tabindex="0">c</pre>',
        '<ol start="3"><li>rest</li></ol>',
    ]


@pytest.mark.parametrize("name", sorted(runbooks.names(FOLDER)))
def test_every_command_of_a_real_runbook_is_a_block_of_its_own_and_its_three_steps_count_on(name: str) -> None:
    text = runbooks.read(FOLDER, name)
    assert text is not None
    page = runbooks.html(text)
    fences = [textwrap.dedent(code).rstrip("\n") for _, code in FENCE.findall(text)]
    assert len(fences) == 4, "three commands and a silence"
    assert [unescape(block) for block in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)] == fences
    assert "`" not in page
    assert re.findall(r"<ol start=\"(\d+)\">", page) == ["1", "2", "3"]


def test_what_explains_the_runbooks_is_none() -> None:
    assert (FOLDER / "README.md").exists()
    assert "README" not in runbooks.names(FOLDER)
