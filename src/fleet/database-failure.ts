import { FleetError } from './fleet.error.js';

/** The SQLSTATE of PostgreSQL, or the code of Node. */
export function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string } | undefined)?.code;
}

/** Classes of SQLSTATE and codes of Node that say that this user, or this machine, is not let in. */
const NOT_ALLOWED =
  /^(?:28|42501|3D000|CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_SSL|HOSTNAME_MISMATCH)/;

/** What an operator is told of a failure; the messages of PostgreSQL and Node have no password in them. */
export function describeFailure(error: unknown, where: string): FleetError {
  if (error instanceof FleetError) return error;
  const code = codeOf(error) ?? '';
  // One for several addresses has no message of its own (AggregateError).
  const { message: own = '' } = error as Partial<Error>;
  const message = own === '' ? code : own;
  if (NOT_ALLOWED.test(code) || /does not support SSL|SCRAM|password must be/.test(message)) {
    return new FleetError('GATEWAY_FLEET_NOT_ALLOWED', `the fleet's database refuses ${where}: ${message}`);
  }
  const advice =
    code === '53300' ? ' (the default of 100 connections is enough for about 30 fleets of three gateways)' : '';
  return new FleetError(
    'GATEWAY_FLEET_UNREACHABLE',
    `the fleet's database cannot be used, ${where}: ${message}${advice}`,
  );
}
