// One board as a picture: every panel where Grafana puts it, rows that are shut drawn open.
import { createTheme, type DataFrame, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import type { Drawn } from './drawn';
import { loaded, shown, timeRange } from './fields';
import type { Heading, Panel, Sheet } from './sheet';
import { Strip } from './strip';
import { Table } from './table';
import { Trend } from './trend';
import { Bars, Stat } from './values';

declare const sheet: Sheet;

const [COLUMN, CELL, GAP, HEAD] = [60, 30, 8, 64];
const KINDS = { stat: Stat, bargauge: Bars, timeseries: Trend, 'state-timeline': Strip, table: Table };
const APPROXIMATE = { 'state-timeline': 'approximation', table: 'plain table', stat: '', bargauge: '', timeseries: '' };
const theme = createTheme({ colors: { mode: 'dark' } });

function place({ x, y, w, h }: Panel['gridPos']) {
  return { left: x * COLUMN + GAP, top: HEAD + y * (CELL + GAP), width: w * COLUMN - GAP, height: h * (CELL + GAP) - GAP };
}

function Drawing({ panel, data }: { panel: Panel; data: DataFrame[] }) {
  const { width, height, ...at } = place(panel.gridPos);
  const Kind: (drawn: Drawn) => React.ReactElement = KINDS[panel.type];
  const remark = APPROXIMATE[panel.type];
  return (
    <div style={{ position: 'absolute', width, height, ...at }}>
      <PanelChrome
        width={width} height={height} title={panel.title} description={panel.description}
        padding={panel.type === 'stat' ? 'none' : 'md'}
        titleItems={remark && <small style={{ color: theme.colors.text.secondary, padding: '0 8px' }}>{remark}</small>}
      >
        {(inside, high) => <Kind panel={panel} data={data} range={timeRange(sheet)} width={inside} height={high} />}
      </PanelChrome>
    </div>
  );
}

function RowTitle({ title, gridPos, collapsed }: Heading) {
  return (
    <div style={{ position: 'absolute', ...place(gridPos), paddingTop: 6, fontWeight: 500 }}>
      {title} {collapsed && <small style={{ color: theme.colors.text.secondary }}>(shut until it is clicked)</small>}
    </div>
  );
}

async function draw() {
  const drawn = await Promise.all(sheet.panels.map(async (each) => {
    if (each.type === 'row') {
      return <RowTitle key={`row ${each.title}`} {...each} />;
    }
    const panel = loaded(each);
    return <Drawing key={panel.title} panel={panel} data={await shown(panel, sheet, theme)} />;
  }));
  const chosen = Object.entries(sheet.variables).map(([name, value]) => `${name}: ${value}`).join(' · ');
  createRoot(document.getElementById('sheet')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <header style={{ padding: '10px 8px' }}>
        <strong style={{ fontSize: 18 }}>{sheet.title}</strong> {sheet.question}
        <div style={{ color: theme.colors.text.secondary }}>
          {sheet.world} · {chosen} · drawn by parts of Grafana, not by a Grafana server
        </div>
      </header>
      {drawn}
    </ThemeContext.Provider>,
  );
}

void draw();
