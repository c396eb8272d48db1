// What a panel shows, after Grafana's own defaults, transformations, overrides, units, mappings and thresholds.
import {
  applyFieldOverrides, type DataFrame, dateTime, FieldConfigOptionsRegistry, type FieldConfigPropertyItem, getPanelOptionsWithDefaults,
  type GrafanaTheme2, identityOverrideProcessor, type PanelPlugin, standardFieldConfigEditorRegistry, standardTransformers,
  standardTransformersRegistry, type TimeRange, transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';
import { frames } from './frames';
import type { Panel, Sheet } from './sheet';

const OF_EVERY_KIND = ['displayName', 'unit', 'min', 'max', 'decimals', 'thresholds', 'mappings', 'noValue', 'links', 'color'];
const CUSTOM = 'custom.';

function setting(id: string): FieldConfigPropertyItem {
  const path = id.replace(CUSTOM, '');
  return {
    id, path, name: path, isCustom: path !== id, settings: {}, override: () => null, editor: () => null,
    process: identityOverrideProcessor, shouldApply: () => true,
  };
}

const { mergeTransformer, filterFieldsByNameTransformer, organizeFieldsTransformer } = standardTransformers;
standardFieldConfigEditorRegistry.setInit(() => OF_EVERY_KIND.map(setting));
standardTransformersRegistry.setInit(() =>
  [mergeTransformer, filterFieldsByNameTransformer, organizeFieldsTransformer].map((known) => ({
    id: known.id, name: known.name, transformation: async () => known, imageDark: '', imageLight: '',
  } as never)));

// The settings that a kind of panel has of its own are in no package: those that stand in the board are taken.
function known(panel: Panel): FieldConfigOptionsRegistry {
  const overridden = panel.fieldConfig.overrides.flatMap((each) => each.properties.map(({ id }) => id));
  const own = [...Object.keys(panel.fieldConfig.defaults.custom ?? {}).map((key) => CUSTOM + key), ...overridden];
  const unique = new Set([...OF_EVERY_KIND, ...own.filter((id) => id.startsWith(CUSTOM))]);
  return new FieldConfigOptionsRegistry(() => [...unique].map(setting));
}

export function timeRange(sheet: Sheet): TimeRange {
  const [from, to] = [dateTime(sheet.from * 1000), dateTime(sheet.to * 1000)];
  return { from, to, raw: { from, to } };
}

// With thresholds that begin at minus infinity, as Grafana reads them.
export function loaded(panel: Panel): Panel {
  const plugin = { defaults: {}, fieldConfigDefaults: { defaults: {}, overrides: [] }, fieldConfigRegistry: known(panel) };
  const { fieldConfig } = getPanelOptionsWithDefaults({
    plugin: plugin as unknown as PanelPlugin, currentOptions: panel.options, currentFieldConfig: panel.fieldConfig,
    isAfterPluginChange: false,
  });
  return { ...panel, fieldConfig };
}

export async function shown(panel: Panel, sheet: Sheet, theme: GrafanaTheme2): Promise<DataFrame[]> {
  const data = await lastValueFrom(transformDataFrame(panel.transformations, frames(panel, sheet)));
  return applyFieldOverrides({
    data, theme, timeZone: 'utc', fieldConfig: panel.fieldConfig, replaceVariables: (text) => text,
    fieldConfigRegistry: known(panel),
  });
}
