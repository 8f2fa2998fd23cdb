const THERE = ['--url', 'URL', '--token', 'TOKEN'];

/** Commands of the published OpenClaw, and what each has to do with our gateway. docs/clients.md is made from what they say. */
export const ROWS = [
  { command: ['gateway', 'health', ...THERE], code: 0, output: /^OK \(/m },
  { command: ['gateway', 'probe', ...THERE], code: 0, output: /Reachable: yes[^]*Read probe: ok/ },
  { command: ['gateway', 'stability', ...THERE], code: 0, output: /Events: 0\/0/ },
  { command: ['health'], code: 0, output: /./ },
  // It looks for a process of OpenClaw itself before it looks at the port.
  { command: ['status', '--deep'], code: 1, output: /Gateway is unreachable/ },
  { command: ['logs', '--limit', '5', ...THERE], code: 0, output: /info gateway\/clients client .* came in/ },
  { command: ['logs', '--limit', '5', '--json', ...THERE], code: 0, output: /"type":"log".*"subsystem":"gateway\// },
  { command: ['system', 'presence', ...THERE], code: 0, output: /"reason": "connect"/ },
  { command: ['system', 'heartbeat', 'last', ...THERE], code: 0, output: /^null$/m },
  { command: ['gateway', 'call', 'system.info', ...THERE], code: 0, output: /"processInstanceId"/ },
  { command: ['gateway', 'call', 'update.status', ...THERE], code: 0, output: /"updateAvailable": null/ },
  { command: ['gateway', 'call', 'diagnostics.lanes', ...THERE], code: 0, output: /"lanes": \[\]/ },
  { command: ['gateway', 'call', 'config.schema', ...THERE], code: 0, output: /"allowOrigins"/ },
  {
    command: ['gateway', 'call', 'config.schema.lookup', '--params', '{"path":"gateway.port"}', ...THERE],
    code: 0,
    output: /"integer"/,
  },
  {
    command: ['gateway', 'call', 'sessions.list', ...THERE],
    code: 1,
    output: /this gateway runs no agents: sessions\.list/,
  },
  { command: ['gateway', 'restart', '--safe'], code: 0, output: /gateway will restart momentarily/ },
  { command: ['gateway', 'health', ...THERE], code: 0, output: /^OK \(/m },
];
