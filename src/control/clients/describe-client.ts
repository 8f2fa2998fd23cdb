import { briefly } from '../../common/printable.js';
import type { GatewayClient } from './gateway-client.js';

/** A client for the log: what it says of itself, which is not verified, and where it is. */
export function describeClient({ id, about, remoteAddress }: GatewayClient): string {
  return `client ${shortId(id)} (${briefly(about.id)} ${briefly(about.version)} at ${remoteAddress})`;
}

/** As much of a UUID as tells the clients of one log apart. */
function shortId(id: string): string {
  return id.slice(0, 8);
}
