import { Inject, Optional } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

import { RequireScope } from '../control/clients/scope.guard.js';
import { commandFor } from '../holder/describe-holder.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { CONTROL_PAGE_OPTIONS, type ControlPageOptions } from './control-page.options.js';
import type { PageCommand, PageContext } from './page-data.js';

type Surroundings = Omit<PageContext, 'commands'>;

/** A page asks every 15 seconds. */
const SHARED_MS = 2_000;
const COMMANDS = ['logs', 'restart', 'stop'] as const;

/** What the page asks for, and no other client needs. */
@WebSocketGateway()
export class PageGateway {
  #found: Promise<Surroundings> | undefined;
  #foundAt = 0;

  constructor(
    @Optional() @Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings,
    @Optional() @Inject(CONTROL_PAGE_OPTIONS) private readonly options: ControlPageOptions = {},
  ) {}

  @SubscribeMessage('page.context')
  @RequireScope('operator.read')
  async context(): Promise<PageContext> {
    return { commands: this.#commands(), ...(await this.#lookAround()) };
  }

  /** Once for all that ask meanwhile and shortly after: it goes through files and processes of the machine. */
  #lookAround(): Promise<Surroundings> {
    if (this.#found && performance.now() - this.#foundAt < SHARED_MS) return this.#found;
    const found = this.#look();
    this.#found = found;
    this.#foundAt = Infinity;
    found.then(
      () => (this.#foundAt = performance.now()),
      () => (this.#found = undefined),
    );
    return found;
  }

  async #look(): Promise<Surroundings> {
    const { profiles, checks } = this.options;
    const [planned = [], found = []] = await Promise.all([profiles?.(), checks?.()]);
    return { profiles: planned, checks: found };
  }

  #commands(): PageCommand[] {
    const { program } = this.options;
    if (program === undefined) return [];
    const gateway = commandFor(this.settings.identity.profile, program);
    return COMMANDS.map((what) => ({ what, command: `${gateway} ${what}` }));
  }
}
