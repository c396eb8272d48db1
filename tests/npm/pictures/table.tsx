// A plain table: Grafana's own is no part of @grafana/ui that others may use. Texts and colours of the cells are Grafana's.
import { type DataFrame, type Field, formattedValueToString, getDisplayProcessor, getFieldDisplayName } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import type { Drawn } from './drawn';

export function Table({ panel, data, width, height }: Drawn) {
  const theme = useTheme2();
  const [frame] = data;
  if (!frame?.length) {
    return <div style={{ height, display: 'grid', placeItems: 'center' }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  const cell = (field: Field, row: number) => {
    const value = (field.display ?? getDisplayProcessor({ field, theme }))(field.values[row]);
    const coloured = field.config.custom?.cellOptions?.type === 'color-background';
    return (
      <td key={field.name} style={{
        padding: '4px 8px', whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis',
        textAlign: field.type === 'number' ? 'right' : 'left', borderBottom: `1px solid ${theme.colors.border.weak}`,
        background: coloured ? value.color : undefined,
        color: coloured && value.color ? theme.colors.getContrastText(value.color) : undefined,
      }}>
        {formattedValueToString(value)}
      </td>
    );
  };
  return (
    <div style={{ width, height, overflow: 'hidden' }}>
      <table style={{ width: '100%', tableLayout: 'fixed', borderCollapse: 'collapse', fontSize: theme.typography.size.md }}>
        <thead>
          <tr>
            {frame.fields.map((field) => (
              <th key={field.name} style={{
                padding: '4px 8px', color: theme.colors.text.link, whiteSpace: 'nowrap', overflow: 'hidden',
                textOverflow: 'ellipsis', textAlign: field.type === 'number' ? 'right' : 'left',
              }}>
                {getFieldDisplayName(field, frame)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order(frame, panel).map((row) => <tr key={row}>{frame.fields.map((field) => cell(field, row))}</tr>)}
        </tbody>
      </table>
    </div>
  );
}

function order(frame: DataFrame, panel: Drawn['panel']): number[] {
  const rows = Array.from({ length: frame.length }, (_, row) => row);
  for (const { displayName, desc } of panel.options.sortBy ?? []) {
    const field = frame.fields.find((each) => getFieldDisplayName(each, frame) === displayName);
    rows.sort((one, other) => {
      const [left, right] = [field?.values[one] ?? '', field?.values[other] ?? ''];
      return (left < right ? -1 : left > right ? 1 : 0) * (desc ? -1 : 1);
    });
  }
  return rows;
}
