import type { Settings } from '../../src/config/choose-settings.js';
import { statusLines } from '../../src/cli/status-lines.js';
import type { StatusFacts } from '../../src/cli/status-facts.js';
import type { Holder } from '../../src/listener/holder.js';
import type { ManagedService } from '../../src/service/managed-service.js';

const URL = 'ws://127.0.0.1:18789';
const SERVICE: ManagedService = {
  unit: 'openclaw-gateway.service',
  state: 'active',
  restarts: 0,
  isEnabled: true,
  lingers: true,
  sockets: [],
};

/** The page of a gateway of this user that does not answer. */
function page(service: ManagedService | undefined): string {
  const owner = {
    pid: 4711,
    uid: process.geteuid?.() ?? 0,
    command: 'openclaw-gateway',
    isGateway: true,
    pidsInNamespaces: [4711],
  };
  const holder: Holder = { verdict: 'stalled', url: URL, ownership: 'same user', owner };
  const facts: StatusFacts = {
    profile: { name: 'default', stateFolder: '/none' },
    configuration: { file: '/none/openclaw.json', exists: false, warnings: [] },
    tokenFrom: null,
    listening: [],
    isOpenToNetwork: false,
    connections: null,
    logFile: null,
    installedVersion: '0.1.0',
  };
  const lines = statusLines({
    report: { ok: false, code: null, message: null, verdict: 'stalled', url: URL, holder, exitCode: 75 },
    facts,
    service,
    depth: {},
    settings: { port: 18789, profile: { name: 'default' } } as Settings,
    program: { name: 'openclaw' },
    deep: false,
  });
  return lines.join('\n');
}

describe('the status of a gateway that does not answer', () => {
  it('has a manager stop the one that it runs, and says where its log is', () => {
    expect(page(SERVICE)).toMatch(/^ {2}log +openclaw gateway logs$/m);
    expect(page(SERVICE)).toMatch(/^ {2}stop it +openclaw gateway stop --port 18789$/m);
    expect(page(SERVICE)).not.toContain('kill');
    expect(page({ ...SERVICE, logFile: '/var/log/gateway' })).toMatch(/^ {2}log +\/var\/log\/gateway$/m);
  });

  it.each([undefined, { ...SERVICE, state: 'inactive' }])(
    'is about its process where no manager runs it',
    (service) => {
      expect(page(service)).toMatch(/^ {2}log +it runs in the foreground; /m);
      expect(page(service)).toMatch(/^ {2}end it +kill -9 4711$/m);
    },
  );
});
