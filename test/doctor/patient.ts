import { join } from 'node:path';

import type { Settings } from '../../src/config/choose-settings.js';
import type { Patient } from '../../src/doctor/finding.js';
import type { GatewayCard, Holder } from '../../src/listener/holder.js';

export const CARD: GatewayCard = {
  service: 'openclaw-gateway',
  pid: 4711,
  profile: 'default',
  version: '1.2.3',
  phase: 'ready',
  startedAt: Date.now(),
  url: 'ws://127.0.0.1:18789',
  instanceId: 'bdaa11e2-c436-49b5-82f2-424f74997146',
};

/** What is examined: the default profile, its port free, with what a test changes. */
export function patient({
  holder = {},
  settings = {},
  folder = '/nowhere',
}: { holder?: Partial<Holder>; settings?: Partial<Settings>; folder?: string } = {}): Patient {
  const profile = { name: 'default', stateFolder: folder, configFile: join(folder, 'openclaw.json') };
  return {
    profile,
    program: 'acme',
    holder: { verdict: 'blocked', url: 'ws://127.0.0.1:18789', ownership: 'unknown', ...holder },
    settings: {
      profile,
      port: 18_789,
      portOrigin: 'derived',
      host: 'localhost',
      token: undefined,
      tokenSource: join(folder, 'gateway.token'),
      allowHosts: [],
      allowOrigins: [],
      trustedProxies: [],
      configuration: { file: profile.configFile, exists: false },
      ...settings,
    },
  };
}
