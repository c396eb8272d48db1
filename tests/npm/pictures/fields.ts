// What a panel shows, after Grafana's own transformations, overrides, units, mappings and thresholds.
import {
  applyFieldOverrides, type DataFrame, dateTime, FieldConfigOptionsRegistry, type FieldConfigPropertyItem, type GrafanaTheme2,
  identityOverrideProcessor, standardFieldConfigEditorRegistry, standardTransformers, standardTransformersRegistry,
  type TimeRange, transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';
import { frames } from './frames';
import type { Panel, Sheet } from './sheet';

const OF_ALL_FIELDS = ['displayName', 'unit', 'min', 'max', 'decimals', 'thresholds', 'mappings', 'noValue', 'links', 'color'];
const OF_A_KIND = ['lineStyle', 'cellOptions', 'width', 'fillOpacity', 'lineWidth', 'drawStyle', 'axisPlacement', 'stacking'];

function setting(path: string, isCustom: boolean): FieldConfigPropertyItem {
  return {
    id: isCustom ? `custom.${path}` : path, path, name: path, isCustom, settings: {}, override: () => null, editor: () => null,
    process: identityOverrideProcessor, shouldApply: () => true,
  };
}

const SETTINGS = [...OF_ALL_FIELDS.map((path) => setting(path, false)), ...OF_A_KIND.map((path) => setting(path, true))];
standardFieldConfigEditorRegistry.setInit(() => OF_ALL_FIELDS.map((path) => setting(path, false)));
const { mergeTransformer, filterFieldsByNameTransformer, organizeFieldsTransformer } = standardTransformers;
standardTransformersRegistry.setInit(() =>
  [mergeTransformer, filterFieldsByNameTransformer, organizeFieldsTransformer].map((known) => ({
    id: known.id, name: known.name, transformation: async () => known, imageDark: '', imageLight: '',
  } as never)));

export function timeRange(sheet: Sheet): TimeRange {
  const [from, to] = [dateTime(sheet.from * 1000), dateTime(sheet.to * 1000)];
  return { from, to, raw: { from, to } };
}

export async function shown(panel: Panel, sheet: Sheet, theme: GrafanaTheme2): Promise<DataFrame[]> {
  const unknown = panel.fieldConfig.overrides.flatMap((each) => each.properties.map((property) => property.id))
    .filter((id) => !SETTINGS.some((known) => known.id === id));
  if (unknown.length) {
    throw new Error(`${panel.title}: an override of ${unknown} is not known to this page`);
  }
  const data = await lastValueFrom(transformDataFrame(panel.transformations, frames(panel, sheet)));
  return applyFieldOverrides({
    data, theme, timeZone: 'utc', fieldConfig: panel.fieldConfig, replaceVariables: (text) => text,
    fieldConfigRegistry: new FieldConfigOptionsRegistry(() => SETTINGS),
  });
}
