"""`python tests/npm/schema/boards.py >boards.ts`: every panel of the committed boards as a typed constant of Grafana's.

Grafana's types want enumerations where JSON has their values, and whole options where what is left out has a default:
both are loosened, and nothing else is.
"""

import json
import sys
from pathlib import Path

BOARDS = Path(__file__).parents[3] / "dashboards" / "generated"
KINDS = {
    "stat": ("stat", "Stat"),
    "bargauge": ("bargauge", "BarGauge"),
    "timeseries": ("timeseries", "TimeSeries"),
    "state-timeline": ("statetimeline", "StateTimeline"),
    "heatmap": ("heatmap", "Heatmap"),
    "table": ("table", "Table"),
}
# What a kind of panel has of its own in the settings of a field; the others have nothing.
CUSTOM = {"timeseries", "state-timeline", "heatmap"}
HEAD = """\
import type { Dashboard, DataQuery, FieldConfig, Panel, RowPanel, TableFieldOptions } from '@grafana/schema';
%s
type Loose<T> = 0 extends 1 & T ? T : T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : { [K in keyof T]: Loose<T[K]> };
type Query = Loose<DataQuery> & {
  expr: string; legendFormat?: string; instant: boolean; range: boolean; editorMode: 'code';
  format?: 'time_series' | 'table' | 'heatmap'; exemplar?: boolean;
};
type Settings<C> = Loose<Omit<FieldConfig, 'custom'>> & { custom?: Partial<Loose<C>> };
type Override = { matcher: { id: string; options?: unknown }; properties: { id: string; value?: unknown }[] };
type Drawn<O, C> = Loose<Omit<Panel, 'options' | 'fieldConfig' | 'targets'>> & {
  options: Partial<Loose<O>>; targets: Query[]; fieldConfig: { defaults: Settings<C>; overrides: Override[] };
};
type Frame = Loose<Omit<Dashboard, 'panels' | 'annotations' | 'templating'>> & {
  templating: { list: { name: string; type: string }[] }; annotations: { list: { name: string; expr: string }[] };
};
type Heading = Loose<Omit<RowPanel, 'panels'>>;
"""


def main() -> None:
    composable = "@grafana/schema/dist/esm/raw/composable"
    imports = "\n".join(
        f"import type * as {name} from '{composable}/{folder}/panelcfg/x/{name}PanelCfg_types.gen';"
        for folder, name in KINDS.values()
    )
    lines = [HEAD % imports]
    for file in sorted(BOARDS.glob("*.json")):
        board = json.loads(file.read_text())
        name, panels = file.stem, board.pop("panels")
        frame = board | {
            "annotations": {
                "list": [{key: mark[key] for key in ("name", "expr")} for mark in board["annotations"]["list"]]
            },
            "templating": {
                "list": [{key: each[key] for key in ("name", "type")} for each in board["templating"]["list"]]
            },
        }
        lines.append(f"export const {name}: Frame = {json.dumps(frame)};")
        shown = [panel for each in panels for panel in (each, *each.get("panels", ()))]
        for index, panel in enumerate(shown):
            lines.append(
                f"// {panel['title']}\nexport const {name}_{index}: {_type(panel)} = {json.dumps(_own(panel))};"
            )
    sys.stdout.write("\n".join(lines) + "\n")


def _type(panel: dict[str, object]) -> str:
    kind = str(panel["type"])
    if kind == "row":
        return "Heading"
    name = KINDS[kind][1]
    custom = f"{name}.FieldConfig" if kind in CUSTOM else "TableFieldOptions" if kind == "table" else "{}"
    return f"Drawn<{name}.Options, {custom}>"


def _own(panel: dict[str, object]) -> dict[str, object]:
    """A heading without the panels under it, which are constants of their own."""
    return {key: value for key, value in panel.items() if panel["type"] != "row" or key != "panels"}


if __name__ == "__main__":
    main()
