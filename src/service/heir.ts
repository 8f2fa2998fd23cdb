import { InputError } from '../common/input.error.js';
import type { ClaimOptions } from '../listener/claim-listener.js';
import type { InheritedDescriptor } from '../listener/inherited-listeners.js';
import { addressSet, DEFAULT_HOST, DEFAULT_PORT, gatewayUrl, parseListenHost } from '../listener/listen-address.js';

/** In the environment of the process that a gateway starts as its successor: the addresses of the listeners, from 3 on. */
export const HEIR_VARIABLE = 'OPENCLAW_GATEWAY_HANDOVER';

/** What a gateway tells the successor that it has started. `go`: it serves no more. `yours`: the manager knows. */
export type ToHeir = 'go' | 'yours';
/** What the successor says. `prepared`: it could start. `ready`: clients are served. `why`: it could not start. */
export type FromHeir = 'prepared' | 'ready' | { readonly why: string };

/** What a process says to the one that has started it, and hears from it. */
export type ParentChannel = Pick<NodeJS.Process, 'send' | 'on' | 'once' | 'connected' | 'disconnect'>;

/**
 * This process as the successor of a gateway that still runs, and that has passed it its listeners. It prepares all that can
 * fail without listening, and starts when the other one has stopped, or is gone.
 */
export class Heir {
  readonly descriptors: readonly InheritedDescriptor[];
  readonly #said = new Set<ToHeir | 'gone'>();
  #onWord: () => void = () => undefined;

  /** @returns `undefined` where this process is no successor */
  static take(environment: NodeJS.ProcessEnv, parent: ParentChannel = process): Heir | undefined {
    const { [HEIR_VARIABLE]: urls } = environment;
    Reflect.deleteProperty(environment, HEIR_VARIABLE);
    return urls === undefined || !parent.send ? undefined : new Heir(urls.split(' '), parent);
  }

  private constructor(
    private readonly urls: readonly string[],
    private readonly parent: ParentChannel,
  ) {
    this.descriptors = urls.map((_url, index) => ({ descriptor: 3 + index, name: 'gateway' }));
    parent.on('message', (word) => this.#hear(word as ToHeir));
    parent.once('disconnect', () => this.#hear('gone'));
  }

  /** @throws {InputError} the settings are for other addresses by now, which takes a restart */
  check({ host = DEFAULT_HOST, port = DEFAULT_PORT, ipv6Only = false }: ClaimOptions): void {
    const addresses = addressSet(parseListenHost(host), { ipv6Only });
    const urls = addresses.map((address) => gatewayUrl(address.host, port));
    const needed = addresses.filter(({ optional }) => !optional).map((address) => gatewayUrl(address.host, port));
    const isSame = this.urls.every((url) => urls.includes(url)) && needed.every((url) => this.urls.includes(url));
    if (isSame) return;
    throw new InputError(
      `--handover: the gateway listens on ${this.urls.join(' and ')}, and is now to be on ${needed.join(' and ')}: use restart`,
    );
  }

  /** Says that this process could start, and resolves when it may: the other gateway serves no more. */
  async prepared(): Promise<void> {
    this.#say('prepared');
    await this.#heard('go');
  }

  /** Says why it does not start, for the operator who has asked the other gateway. */
  failed(why: string): void {
    this.#say({ why });
  }

  /** Says that clients are served, and resolves when the service manager takes this process for the gateway. */
  async ready(): Promise<void> {
    this.#say('ready');
    await this.#heard('yours');
    if (this.parent.connected) this.parent.disconnect();
  }

  #say(word: FromHeir): void {
    // The other gateway may be gone, and need not be told then.
    this.parent.send?.(word, undefined, undefined, () => undefined);
  }

  #hear(word: ToHeir | 'gone'): void {
    this.#said.add(word);
    this.#onWord();
  }

  async #heard(word: ToHeir): Promise<void> {
    while (!this.#said.has(word) && !this.#said.has('gone')) {
      await new Promise<void>((resolve) => (this.#onWord = resolve));
    }
  }
}
