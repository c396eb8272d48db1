// Answers of Prometheus as the data frames that Grafana's data source makes of them: one for each series, or one for
// each query of a table.
import { type DataFrame, FieldType, toDataFrame } from '@grafana/data';
import type { Panel, Series, Sheet, Target } from './sheet';

export function frames(panel: Panel, sheet: Sheet): DataFrame[] {
  const tables = panel.targets.filter((target) => target.format === 'table').length;
  return panel.targets.flatMap((target) =>
    target.format === 'table' ? [table(target, tables > 1 ? `Value #${target.refId}` : 'Value')]
      : target.answer.map((series) => line(target, series, sheet)));
}

function line(target: Target, series: Series, sheet: Sheet): DataFrame {
  const points = series.value ? [series.value] : onEveryStep(series.values ?? [], sheet);
  const name = legend(target.legendFormat, series.metric);
  return toDataFrame({
    refId: target.refId,
    name,
    fields: [
      { name: 'Time', type: FieldType.time, values: points.map(([at]) => at * 1000) },
      {
        name: 'Value', type: FieldType.number, labels: series.metric, config: { displayNameFromDS: name },
        values: points.map(([, text]) => (text === null ? null : number(text))),
      },
    ],
  });
}

// Where Prometheus has nothing there is a gap, and no line across it.
function onEveryStep(values: [number, string][], sheet: Sheet): [number, string | null][] {
  const known = new Map(values);
  const steps = Math.floor((sheet.to - sheet.from) / sheet.step) + 1;
  return Array.from({ length: steps }, (_, index) => sheet.from + index * sheet.step)
    .map((at) => [at, known.get(at) ?? null]);
}

function table(target: Target, valueName: string): DataFrame {
  const labels = [...new Set(target.answer.flatMap((series) => Object.keys(series.metric)))].sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: target.answer.map((series) => (series.value?.[0] ?? 0) * 1000) },
      ...labels.map((label) => ({
        name: label, type: FieldType.string, values: target.answer.map((series) => series.metric[label] ?? ''),
      })),
      { name: valueName, type: FieldType.number, values: target.answer.map((each) => number(each.value?.[1] ?? 'NaN')) },
    ],
  });
}

function legend(format: string, labels: Record<string, string>): string {
  if (format) {
    return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
  }
  const { __name__: name = '', ...others } = labels;
  const listed = Object.entries(others).map(([label, value]) => `${label}="${value}"`).join(', ');
  return name || listed ? `${name}{${listed}}` : 'Value';
}

function number(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}
