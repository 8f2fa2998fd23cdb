import { readdirSync, readlinkSync, realpathSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { GatewayCard } from '../../src/listener/holder.js';
import { onCleanUp } from './cleaner.js';
import { canRunHere, runHere } from './command.js';
import { within } from './deadline.js';
import { BIN, fixture, Program } from './program.js';
import { parse, type Result } from './openclaw.js';
import { tempFolder } from './temp.js';
import { TOKEN } from './token.js';

const GONE_MS = 60_000;
/** Twenty Node processes at once, on two cores that others use too. */
const DEADLINE_MS = 90_000;

/** Makes a gateway in the background do what the variable CRASH says. */
export const DYING = { NODE_OPTIONS: `--import=${fixture('dying-gateway')}` };

export const logIn = (folder: string): string => join(folder, 'gateway.log');

/** A state folder; the gateways that were launched in it, which run on by design, are killed when the test ends. */
export function launchFolder(): string {
  const folder = realpathSync(tempFolder());
  killLaunchedIn(folder);
  return folder;
}

/** Kills the gateways that were launched in a state folder, when the test ends. */
export function killLaunchedIn(folder: string): void {
  onCleanUp(async () => {
    const deadline = performance.now() + GONE_MS;
    for (let pids = processesIn(folder); pids.length > 0; pids = processesIn(folder)) {
      if (performance.now() > deadline) throw new Error(`still there after SIGKILL: ${pids.join(', ')}`);
      for (const pid of pids) killIfThere(pid);
      // Nothing tells the end of a process that is not a child.
      await delay(5);
    }
  });
}

/** Those with this working directory: a gateway in the background has that of its state folder. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => cwdOf(pid) === folder)
    .map(Number);
}

function cwdOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

/** Resolves when the process is gone, or a zombie. */
export async function gone(pid: number): Promise<void> {
  const deadline = performance.now() + GONE_MS;
  while (cwdOf(String(pid)) !== undefined) {
    if (performance.now() > deadline) throw new Error(`process ${pid} is still there`);
    await delay(5);
  }
}

/** `openclaw gateway <args>` with this state folder. */
export function launcher(folder: string, args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): Program {
  return Program.node(BIN, ['gateway', ...args], {
    env: { OPENCLAW_STATE_DIR: folder, OPENCLAW_GATEWAY_TOKEN: TOKEN, ...env },
  });
}

export async function call(
  folder: string,
  args: readonly (string | number)[],
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  if (canRunHere(args, env)) return runHere(['gateway', ...args], { OPENCLAW_STATE_DIR: folder, ...env });
  return launcher(folder, args, env).result(DEADLINE_MS);
}

/** `openclaw gateway start --json`, which has to succeed. */
export async function start(
  folder: string,
  port: number,
  ...args: string[]
): Promise<{ pid: number; started: boolean; url: string; logFile: string }> {
  const { code, stdout, stderr } = await call(folder, ['start', '--json', '--port', port, ...args]);
  if (code !== 0) throw new Error(`start ended with ${code}: ${stdout}${stderr}`);
  return parse(stdout) as unknown as Awaited<ReturnType<typeof start>>;
}

export async function cardOf(port: number): Promise<GatewayCard> {
  // A connection that is kept leads to the gateway that is there now, and not to the next one.
  const headers = { Connection: 'close' };
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/gateway`, { headers });
  return (await response.json()) as GatewayCard;
}

/** Resolves when a file of this name has come into being in a folder. */
export async function appears(folder: string, name: RegExp): Promise<void> {
  const there = new Promise<void>((resolve) => {
    const check = (): void => {
      if (readdirSync(folder).some((file) => name.test(file))) resolve();
    };
    const watcher = watch(folder, check);
    onCleanUp(() => watcher.close());
    check();
  });
  await within(DEADLINE_MS, `${name} in ${folder}`, there);
}
