"""Which scrapes found a page on which everything was new?

A page of ours says how often each source has run. A scrape is fresh when every source that is due within the pace of
the scrapes has run since the scrape before it; so this is proven from the answers alone, for the agent as it is.
"""

from benchmarks import exposition
from benchmarks.pacing import Target


def fresh(target: Target, period: float, warm_up: int) -> list[int]:
    """Which of the answers are fresh, by index; those of the warm-up (at least one) are not looked at."""
    pages = [exposition.text(answer.raw) for answer in target.answers]
    return [
        index
        for index in range(max(1, warm_up), len(pages))
        if exposition.all_have_run(pages[index - 1], pages[index], period)
    ]
