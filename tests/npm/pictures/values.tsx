// Values of now: tiles and bars, by the parts that Grafana's own panels are made of.
import { getDisplayValueAlignmentFactors, getFieldDisplayValues, type FieldDisplay, VizOrientation } from '@grafana/data';
import { BarGauge, BigValue, BigValueColorMode, BigValueGraphMode, BigValueJustifyMode, useTheme2 } from '@grafana/ui';
import { type Drawn } from './drawn';

function values({ panel, data }: Drawn, theme: ReturnType<typeof useTheme2>): FieldDisplay[] {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: (text) => text,
    theme, data, timeZone: 'utc',
  });
}

export function Stat(drawn: Drawn) {
  const theme = useTheme2();
  const all = values(drawn, theme);
  const width = drawn.width / all.length;
  return (
    <div style={{ display: 'flex' }}>
      {all.map((each, index) => (
        <BigValue
          key={index} value={each.display} width={width} height={drawn.height} theme={theme} count={all.length}
          colorMode={BigValueColorMode.Background} graphMode={BigValueGraphMode.None}
          justifyMode={BigValueJustifyMode.Auto} textMode={drawn.panel.options.textMode}
        />
      ))}
    </div>
  );
}

export function Bars(drawn: Drawn) {
  const theme = useTheme2();
  const all = values(drawn, theme);
  const gap = 8;
  const height = Math.min(80, (drawn.height - gap * (all.length - 1)) / all.length);
  return (
    <div style={{ display: 'flex', flexDirection: 'column', gap }}>
      {all.map((each, index) => (
        <BarGauge
          key={index} value={each.display} field={each.field} display={each.view?.getFieldDisplayProcessor(each.colIndex ?? 0)}
          width={drawn.width} height={height} orientation={VizOrientation.Horizontal} theme={theme} showUnfilled
          displayMode={drawn.panel.options.displayMode} alignmentFactors={getDisplayValueAlignmentFactors(all)} itemSpacing={gap}
        />
      ))}
    </div>
  );
}
