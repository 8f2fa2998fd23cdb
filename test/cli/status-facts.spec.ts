import { factRows, type StatusFacts } from '../../src/cli/status-facts.js';
import type { GatewayCard, Holder } from '../../src/listener/holder.js';

const FACTS: StatusFacts = {
  profile: { name: 'default', stateFolder: '/home/me/.openclaw' },
  configuration: { file: '/home/me/.openclaw/openclaw.json', exists: true, warnings: [] },
  tokenFrom: 'OPENCLAW_GATEWAY_TOKEN',
  listening: ['127.0.0.1'],
  isOpenToNetwork: false,
  connections: 0,
  logFile: null,
  installedVersion: '0.1.0',
};

const rowsBeside = (verdict: Holder['verdict']): readonly string[] =>
  factRows(FACTS, { verdict, url: 'ws://127.0.0.1:1', owner: { pid: process.pid, isGateway: false } } as Holder).map(
    ([name]) => name,
  );

describe('what status says of the log', () => {
  it('is where that of a gateway is, and nothing of what another program writes', () => {
    expect(rowsBeside('stalled')).toContain('log');
    expect(rowsBeside('foreign')).not.toContain('log');
  });

  it.each([
    ['default', /^it runs in the foreground; its log /],
    ['work', /^its log /],
  ])('says of the gateway of profile %s how it was started only where the files tell', (profile, text) => {
    const card = { profile } as GatewayCard;
    const holder = { verdict: 'ready', owner: { pid: process.pid, isGateway: true, pidsInNamespaces: [] }, card };
    const rows = new Map(factRows(FACTS, holder as unknown as Holder));
    expect(rows.get('log')).toMatch(text);
  });
});
