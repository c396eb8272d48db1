// States over time, drawn by us: Grafana's own panel is in no package. Texts and colours are Grafana's.
import { dateTimeFormat, type Field, FieldType, formattedValueToString, getDisplayProcessor, getFieldDisplayName } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import type { Drawn } from './drawn';

const AXIS = 20;

export function Strip({ panel, data, range, width, height }: Drawn) {
  const theme = useTheme2();
  if (!data.length) {
    return <div style={{ height, display: 'grid', placeItems: 'center' }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  const names = data.map((frame) => getFieldDisplayName(frame.fields[frame.fields.length - 1], frame, data));
  const left = Math.min(width * 0.5, 16 + 7.5 * Math.max(...names.map((name) => name.length)));
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const across = (at: number) => left + ((at - from) / (to - from)) * (width - left);
  const row = (height - AXIS) / data.length;
  const labels = width > 400 ? 6 : 3;
  const hours = Array.from({ length: labels }, (_, index) => from + ((to - from) * index) / labels);
  return (
    <svg width={width} height={height} fontSize={12} fill={theme.colors.text.primary}>
      {data.map((frame, index) => {
        const field = frame.fields.find((each) => each.type === FieldType.number);
        const times = frame.fields.find((each) => each.type === FieldType.time)?.values ?? [];
        const display = field && (field.display ?? getDisplayProcessor({ field, theme }));
        const top = index * row;
        return (
          <g key={index}>
            <text x={left - 8} y={top + row / 2 + 4} textAnchor="end">{names[index]}</text>
            {field && display && stretches(field).map(([begin, end]) => {
              const value = display(field.values[begin]);
              const [begins, ends] = [across(times[begin]), across(times[end] ?? to)];
              return (
                <g key={begin}>
                  <rect x={begins} y={top + row * 0.05} width={ends - begins} height={row * 0.9} fill={value.color} fillOpacity={0.8} />
                  <text x={begins + 6} y={top + row / 2 + 4} fill={theme.colors.getContrastText(value.color ?? '#000')}>
                    {formattedValueToString(value)}
                  </text>
                </g>
              );
            })}
          </g>
        );
      })}
      {hours.map((at) => (
        <text key={at} x={across(at)} y={height - 4}>{dateTimeFormat(at, { format: 'HH:mm', timeZone: 'utc' })}</text>
      ))}
    </svg>
  );
}

// From where to where the value stays the same; where there is none there is no stretch.
function stretches(field: Field): [number, number][] {
  const found: [number, number][] = [];
  for (let begin = 0, end = 0; begin < field.values.length; begin = end) {
    while (end < field.values.length && field.values[end] === field.values[begin]) {
      end += 1;
    }
    if (field.values[begin] !== null) {
      found.push([begin, end]);
    }
  }
  return found;
}
