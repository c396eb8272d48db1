"""templates/ragpulse.tmpl: what a notification says, for every integration of Alertmanager's own.

`ragpulse.title`, `ragpulse.text` (`ragpulse.firing` and `ragpulse.over` apart), `ragpulse.html` for mail,
`ragpulse.slack`, in which nothing that an alert says or is labelled with is taken for a link or a mention. Kept to what
Alertmanager 0.25 knows.
"""

from ragpulse import notification_words as words
from ragpulse.generated import headline
from ragpulse.inventory import Cluster

_BODY = """\
{{ define "ragpulse.title" -}}
{{ if not .Alerts.Firing }}%(OVER)s
{{- else if .CommonLabels.severity }}{{ toUpper .CommonLabels.severity }}{{ else }}%(ALERT)s{{ end }}
{{- " " }}{{ .CommonLabels.alertname }}
{{- with .CommonLabels.component }}%(BETWEEN)s{{ . }}{{ end }}
{{- with .CommonLabels.cluster }}%(BETWEEN)s{{ . }}{{ end }}
{{- if gt (len .Alerts) 1 }} ({{ len .Alerts }}){{ end }}
{{- end }}

{{ define "ragpulse.what" -}}
{{ with .Annotations.summary }}{{ . }}{{ else }}{{ .Labels.alertname }}{{ end }}
{{- end }}

{{ define "ragpulse.when" -}}
{{ if eq .Status "firing" }}%(SINCE)s {{ .StartsAt.Local.Format "%(GO_TIME)s" }}
{{- else }}%(FROM)s {{ .StartsAt.Local.Format "%(GO_TIME)s" }} %(TO)s {{ .EndsAt.Local.Format "%(GO_TIME)s" }}{{ end }}
{{- end }}

{{ define "ragpulse.when_and_where" -}}
{{ template "ragpulse.when" . }}
{{- range (.Labels.Remove (stringSlice %(NO_PLACE)s)).SortedPairs }}%(BETWEEN)s{{ .Name }} {{ .Value }}{{ end }}
{{- end }}

{{ define "ragpulse.firing" -}}
{{ range .Alerts.Firing -}}
{{ template "ragpulse.what" . }}
{{ template "ragpulse.when_and_where" . }}
{{ with .Annotations.description }}{{ . }}
{{ end }}{{ with .Annotations.runbook_url }}%(RUNBOOK)s: {{ . }}
{{ end }}{{ with .Annotations.dashboard_url }}%(BOARD)s: {{ . }}
{{ end }}
{{ end }}
{{- end }}

{{ define "ragpulse.over" -}}
{{ range .Alerts.Resolved -}}
%(OVER)s: {{ template "ragpulse.what" . }}
{{ template "ragpulse.when_and_where" . }}

{{ end }}
{{- end }}

{{ define "ragpulse.text" }}{{ template "ragpulse.firing" . }}{{ template "ragpulse.over" . }}{{ end }}

{{ define "ragpulse.slack" -}}
{{ range .Alerts -}}
{{ if eq .Status "resolved" }}%(OVER)s: {{ end }}
{{- with .Annotations.summary }}{{ template "ragpulse.escaped" . }}{{ else }}{{ .Labels.alertname }}{{ end }}
{{ template "ragpulse.when" . }}
{{- range (.Labels.Remove (stringSlice %(NO_PLACE)s)).SortedPairs }}%(BETWEEN)s{{ .Name }}
{{- " " }}{{ template "ragpulse.escaped" .Value }}
{{- end }}
{{ if eq .Status "firing" }}{{ with .Annotations.description }}{{ template "ragpulse.escaped" . }}
{{ end }}{{ with .Annotations.runbook_url }}<{{ . }}|%(RUNBOOK)s>{{ end }}
{{- with .Annotations.dashboard_url }}%(BETWEEN)s<{{ . }}|%(BOARD)s>{{ end }}
{{ end }}
{{ end }}
{{- end }}

{{ define "ragpulse.escaped" -}}
{{ . | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;" }}
{{- end }}

{{ define "ragpulse.html" -}}
<html><body style="font-family: sans-serif">
<h2 style="color: {{ template "ragpulse.color" . }}">{{ template "ragpulse.title" . }}</h2>
{{ range .Alerts.Firing -}}
<h3>{{ template "ragpulse.what" . }}</h3>
<p>{{ template "ragpulse.when_and_where" . }}</p>
{{ with .Annotations.description }}<p>{{ . }}</p>
{{ end -}}
<p>
{{ with .Annotations.runbook_url }}<a href="{{ . }}">%(RUNBOOK)s</a>
{{ end -}}
{{ with .Annotations.dashboard_url }}<a href="{{ . }}">%(BOARD)s</a>
{{ end -}}
</p>
{{ end -}}
{{ range .Alerts.Resolved -}}
<p>%(OVER)s: {{ template "ragpulse.what" . }}<br>{{ template "ragpulse.when_and_where" . }}</p>
{{ end -}}
</body></html>
{{- end }}

{{ define "ragpulse.color" -}}
{{ if not .Alerts.Firing }}#2e7d32{{ else if eq .CommonLabels.severity "ticket" }}#b26a00{{ else }}#c62828{{ end }}
{{- end }}
"""


def render(cluster: Cluster) -> dict[str, str]:
    """`templates/ragpulse.tmpl` → content."""
    body = _BODY % {**vars(words), "NO_PLACE": " ".join(f'"{label}"' for label in words.NO_PLACE)}
    return {"templates/ragpulse.tmpl": f"{{{{/* {headline(cluster)} */}}}}\n{body}"}
