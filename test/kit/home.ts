import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { portOfProfile } from '../../src/config/choose-port.js';
import { onCleanUp } from './cleaner.js';
import { canRunHere, runHere } from './command.js';
import type { Result } from './openclaw.js';
import { reserveSlot } from './ports.js';
import { BIN, Program } from './program.js';
import { tempFolder } from './temp.js';

/** A home folder, fresh and empty, with the profiles of its user; gone when the test ends. */
export class Home {
  readonly folder = tempFolder();

  stateFolder(profile?: string): string {
    return join(this.folder, profile === undefined ? '.openclaw' : `.openclaw-${profile}`);
  }

  /** Writes a configuration file: an object, or the text itself. */
  configure(profile: string | undefined, config: object | string): string {
    mkdirSync(this.stateFolder(profile), { recursive: true });
    const file = join(this.stateFolder(profile), 'openclaw.json');
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
    return file;
  }

  /** `openclaw` with these arguments, in a process of its own. */
  start(args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): Program {
    return Program.node(BIN, args, { env: { OPENCLAW_GATEWAY_TOKEN: undefined, ...env, HOME: this.folder } });
  }

  /** The same, until it listens. */
  async serve(args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const program = this.start(args, env);
    await program.output('stdout', /^gateway listening on/m);
    return program;
  }

  /** The same, which has to end by itself; in the process of the tests where it may. */
  async run(args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
    if (canRunHere(args)) return runHere(args, { OPENCLAW_GATEWAY_TOKEN: undefined, ...env, HOME: this.folder });
    return this.start(args, env).result();
  }
}

/** A name whose own port, and those that follow it, are reserved until the test ends. */
export async function freeProfile(): Promise<string> {
  for (;;) {
    const name = `test-${Math.random().toString(36).slice(2, 10)}`;
    const reservation = await reserveSlot(portOfProfile(name));
    if (reservation === undefined) continue;
    onCleanUp(reservation.release);
    return name;
  }
}
