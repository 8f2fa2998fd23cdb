import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { codeOf } from '../common/own-file.js';
import { replaceWhole } from '../common/private-file.js';
import { chooseSettings, type Settings } from '../config/choose-settings.js';
import { findToken } from '../config/choose-token.js';
import { describeHolder, describeUse } from '../holder/describe-holder.js';
import { hostsToAsk } from '../holder/serving-address.js';
import { isOwn, UNHURRIED_MS, whoHolds } from '../holder/who-holds.js';
import { gatewayUrl } from '../listener/listen-address.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { REDIRECT_FILE } from '../state-folder/state-folder.js';
import type { Invocation } from './command.js';
import { commandToStart, whereItRuns } from './where-it-runs.js';

/** Prints the address of the page with the token in it, and opens the page where there is a browser. */
export async function open({ flags, profile, program }: Invocation): Promise<number> {
  const settings = await whereItRuns(await chooseSettings(profile, flags));
  const { host, port } = settings;
  const [hostToAsk = host] = hostsToAsk(host);
  const url = gatewayUrl(hostToAsk, port);
  const secret = readProofSecret(settings.profile.stateFolder);
  const holder = await whoHolds({ host, port }, { secret, timeoutMs: UNHURRIED_MS });
  if (holder.verdict === 'blocked') {
    complain(`no gateway is running on ${url}: start it with ${commandToStart(settings, program.name)}`);
    return ExitCode.FREE;
  }
  if (holder.verdict !== 'ready') {
    const why = holder.verdict === 'foreign' ? describeUse(holder, `port ${port}`) : describeHolder(holder);
    complain(`${url} cannot be opened: ${why}`);
    return exitCodeOfHolder(holder);
  }
  if (!isOwn(holder)) {
    complain(`${url} is not opened with the token: it is not known to be a gateway of this user`);
    return ExitCode.NOT_ALLOWED;
  }
  const page = `${url.replace(/^ws:/, 'http:')}/`;
  const token = findToken(settings);
  const address = token === undefined ? page : `${page}#token=${encodeURIComponent(token)}`;
  const [command, ...args] = flags.print ? [] : opener();
  const opened = command !== undefined && (await run(command, [...args, addressToOpen(page, address, settings)]));
  printResult(flags.json, { ok: true, url: address, opened, exitCode: ExitCode.OK }, [address]);
  return ExitCode.OK;
}

/**
 * What the browser is started with. Every user can read the arguments of a process, so the address with the token stands
 * in a private file, which leads there. A token that was given by a flag or a variable is written nowhere: the page then
 * asks for it.
 */
function addressToOpen(page: string, address: string, { token, profile }: Settings): string {
  if (token !== undefined) return page;
  const file = join(profile.stateFolder, REDIRECT_FILE);
  try {
    replaceWhole(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${address}">`);
    return pathToFileURL(file).href;
  } catch (error) {
    complain(`${file} cannot be written (${codeOf(error)}): the page asks for the token`);
    return page;
  }
}

/** @returns whether the program was started */
async function run(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  // Some wait for the browser to end.
  child.unref();
  return true;
}

/** What opens an address on this platform; nothing where there is no screen. */
function opener({ DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv = process.env): string[] {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return DISPLAY || WAYLAND_DISPLAY ? ['xdg-open'] : [];
}
