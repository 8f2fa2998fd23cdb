import { ensureGateway } from '../launcher/ensure-gateway.js';
import type { LaunchedGateway, LaunchOptions } from '../launcher/launch-options.js';
import { LaunchError } from '../launcher/launch.error.js';
import { hasAddress, waitForAddress } from '../listener/has-address.js';
import { DEFAULT_HOST } from '../listener/listen-address.js';
import { ExitCode } from '../process/exit-code.js';
import { complain } from '../process/print.js';

/**
 * Launches the gateway, and once more where it was refused for an address that this machine did not have yet, as that of a
 * VPN during a boot. The refusal comes first: until then a gateway of the profile may be there that needs no address.
 *
 * @throws {LaunchError | InputError}
 */
export async function launchOnAddress(options: LaunchOptions): Promise<LaunchedGateway> {
  const { address, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  try {
    return await ensureGateway(options);
  } catch (error) {
    const wasRefused = error instanceof LaunchError && error.exitCode === ExitCode.NOT_READY;
    if (!wasRefused || address.host === DEFAULT_HOST || (await hasAddress(address.host))) throw error;
    complain(`waiting for the address ${address.host}, which this machine does not have yet`);
    const late = AbortSignal.timeout(Math.ceil(Math.max(deadline - performance.now(), 0)));
    await waitForAddress(address.host, AbortSignal.any([signal, late])).catch(() => undefined);
    signal.throwIfAborted();
    if (late.aborted) throw error;
  }
  return ensureGateway({ ...options, timeoutMs: Math.max(deadline - performance.now(), 1) });
}
