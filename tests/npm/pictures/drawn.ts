import type { DataFrame, TimeRange } from '@grafana/data';
import type { Panel } from './sheet';

export interface Drawn {
  panel: Panel;
  data: DataFrame[];
  range: TimeRange;
  width: number;
  height: number;
}
