// What `sheets.py` hands over: a board's panels where they are drawn, and what Prometheus answered to each query.
import type { DataTransformerConfig, FieldConfigSource, ReduceDataOptions } from '@grafana/data';
import type { BarGaugeDisplayMode, BigValueTextMode, VizLegendOptions } from '@grafana/schema';

export interface Series {
  metric: Record<string, string>;
  values?: [number, string][]; // over a time
  value?: [number, string]; // of now
}

export interface Target {
  refId: string;
  legendFormat: string;
  instant: boolean;
  format: 'time_series' | 'table';
  answer: Series[];
}

interface Place {
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
}

export interface Panel extends Place {
  type: 'stat' | 'bargauge' | 'timeseries' | 'state-timeline' | 'table';
  description: string;
  targets: Target[];
  fieldConfig: FieldConfigSource;
  transformations: DataTransformerConfig[];
  options: {
    reduceOptions: ReduceDataOptions;
    textMode: BigValueTextMode;
    displayMode: BarGaugeDisplayMode;
    legend: VizLegendOptions;
    sortBy?: { displayName: string; desc: boolean }[];
  };
}

export interface Heading extends Place {
  type: 'row';
  collapsed: boolean;
}

export interface Sheet {
  title: string;
  question: string;
  world: string;
  variables: Record<string, string>;
  from: number; // seconds, as Prometheus has them
  to: number;
  step: number;
  panels: (Panel | Heading)[];
}
