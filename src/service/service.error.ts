/**
 * Why a service could not be installed, removed or asked:
 *
 * - `not there`: this user has no service manager that answers
 * - `foreign`: a file of another program is where ours would be
 * - `not started`: the manager has taken the service, which then did not start
 * - `failed`: the manager refused what it was told
 */
export type ServiceFailure = 'not there' | 'foreign' | 'not started' | 'failed';

/** The service manager could not do what it was asked for. The message is for people: one line, and what it said itself. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    readonly code: ServiceFailure,
    message: string,
  ) {
    super(message);
  }
}
