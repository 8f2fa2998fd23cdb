import { hasBegun, leaseMaker } from '../lease-alone.js';
import type { Contend } from './contend.js';

/** What a gateway does. */
export const sessionLock: Contend = async (url, onWaiting) => {
  const begin = await leaseMaker();
  const lease = begin({ name: 'office', url });
  const { service, activated } = lease;
  await hasBegun(lease);
  if (!service.valid) onWaiting();
  await activated;
  return { token: service.token, release: () => service.release() };
};
