"""The words of a notification, whoever renders it: Alertmanager by our templates, or the adapter by itself.

PAGE ServiceDown · chroma · tron                 one group: its severity, or `over` when nothing of it holds any more

chroma on sark does not answer.                  each alert: what, with its value against the target
since Tue 24 Nov 15:04 UTC · node sark · service chroma
No probe of it is answered: ...                  what it means; left out of what is over
Runbook: http://...
Board: http://...
"""

OVER = "over"
ALERT = "ALERT"  # of a severity that is not ours
SINCE = "since"
FROM, TO = "from", "to"
RUNBOOK = "Runbook"
BOARD = "Board"
BETWEEN = " · "

# Labels that do not say where: they stand in the title, or in every alert alike.
NO_PLACE = ("alertname", "severity", "component", "cluster")

# The same time, as Go and as Python write it.
GO_TIME = "Mon 2 Jan 15:04 MST"
PYTHON_TIME = "%a %-d %b %H:%M %Z"
