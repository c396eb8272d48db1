// Lines over time, by the TimeSeries of @grafana/ui, which is what Grafana's own panel was made of until lately.
import { TimeSeries } from '@grafana/ui';
import type { Drawn } from './drawn';

export function Trend({ panel, data, range, width, height }: Drawn) {
  if (!data.length) {
    return <div style={{ height, display: 'grid', placeItems: 'center' }}>No data</div>;
  }
  return (
    <TimeSeries frames={data} timeRange={range} timeZone="utc" width={width} height={height} legend={panel.options.legend} />
  );
}
