import { join } from 'node:path';
import type { Server, Socket } from 'node:net';

import { isOutOfDescriptors } from '../common/descriptors.js';
import { bindExclusively } from '../listener/bind-exclusively.js';
import type { ListenerLoss } from '../listener/claimed-listener.js';
import type { HostPort } from '../listener/endpoint.js';
import { GatewayLockError, UNKNOWN_ADDRESS } from '../listener/gateway-lock.error.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { listenOnce } from '../listener/listen-once.js';
import type { FurtherLock } from '../lock/lock-set.js';
import { findOpenClaw } from './openclaw-lock.js';
import { bindSocketFile, type BoundSocket } from './socket-file.js';
import { openStateFolder, unusable, type FolderIdentity } from './state-folder.js';

/** In the state folder, on systems where every local socket has a file. */
const SOCKET_FILE = 'gateway.sock';
/** sun_path in unix(7). */
const ABSTRACT_NAME_BYTES = 108;

export interface ProfileLockOptions {
  readonly stateFolder: string;
  /** The name of the profile, for the refusal. */
  readonly profile: string;
  /** Where this gateway listens, or was to. */
  readonly address: HostPort;
  readonly platform?: NodeJS.Platform;
}

/**
 * Takes the lock on a state folder, which is made if it is missing. The lock is a local socket named after the folder,
 * so that the operating system frees it however the process ends.
 *
 * @throws {GatewayLockError} GATEWAY_PROFILE_IN_USE
 * @throws {InputError} the folder cannot be made or used
 */
export async function takeProfileLock({
  stateFolder,
  profile,
  address,
  platform = process.platform,
}: ProfileLockOptions): Promise<ProfileLock> {
  const identity = await openStateFolder(stateFolder);
  await refuseBesideOpenClaw(stateFolder, profile, address);
  const socketPath = profileSocketPath(stateFolder, identity, platform);
  try {
    const bind = hasSocketFile(platform) ? bindSocketFile : listenWithoutFile;
    const { server, release } = await bindExclusively(() => bind(socketPath), [{ socketPath }]);
    return new ProfileLock(server, release, socketPath);
  } catch (caught) {
    const error = caught as NodeJS.ErrnoException;
    if (error.code !== 'EADDRINUSE') throw unusable(stateFolder, error);
    throw GatewayLockError.profileInUse(profile, address, { socketPath }, error);
  }
}

/** OpenClaw itself has the same folder by default, and another lock. */
async function refuseBesideOpenClaw(stateFolder: string, profile: string, address: HostPort): Promise<void> {
  const holder = await findOpenClaw(stateFolder);
  if (!holder) return;
  const cause = Object.assign(new Error('OpenClaw runs in the state folder'), { code: 'EBUSY' });
  const endpoint = holder.url === UNKNOWN_ADDRESS ? address : addressOfUrl(holder.url);
  throw GatewayLockError.profileInUse(profile, address, endpoint, cause).heldBy(holder);
}

/** The local socket that stands for a folder. */
export function profileSocketPath(
  folder: string,
  { device, inode }: FolderIdentity,
  platform: NodeJS.Platform = process.platform,
): string {
  const name = `openclaw-gateway-profile-${device}-${inode}`;
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`;
  if (hasSocketFile(platform)) return join(folder, SOCKET_FILE);
  // Some versions of Node fill a shorter name up with NULs, which makes it another name for those that do not.
  return `\0${name}`.padEnd(ABSTRACT_NAME_BYTES, '-');
}

function hasSocketFile(platform: NodeJS.Platform): boolean {
  return !['linux', 'android', 'win32'].includes(platform);
}

async function listenWithoutFile(socketPath: string): Promise<BoundSocket> {
  return { server: await listenOnce({ path: socketPath }), release: () => undefined };
}

/** A state folder that is held. */
export class ProfileLock implements FurtherLock {
  readonly lost: Promise<ListenerLoss>;
  readonly #waiting: Socket[] = [];
  #answer: (socket: Socket) => void = (socket) => this.#waiting.push(socket);

  constructor(
    private readonly server: Server,
    private readonly release: () => void,
    readonly socketPath: string,
  ) {
    server.on('connection', (socket: Socket) => this.#answer(socket));
    this.lost = new Promise((resolve) => {
      server.on('error', (cause) => {
        if (!isOutOfDescriptors(cause)) resolve({ url: `unix:${socketPath.replace('\0', '@')}`, cause });
      });
    });
  }

  serve(answer: (socket: Socket) => void): void {
    this.#answer = answer;
    this.#waiting.splice(0).forEach(answer);
  }

  close(): void {
    if (!this.server.listening) return;
    this.release();
    this.server.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }
}
