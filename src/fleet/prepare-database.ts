import type { DatabaseConnection } from './database-connection.js';
import { codeOf, describeFailure } from './database-failure.js';
import { FleetError } from './fleet.error.js';
import * as sql from './fleet-sql.js';

/**
 * Makes the tables of the fleets where they are missing.
 *
 * @throws {FleetError} this user may not
 */
export async function makeTables(connection: DatabaseConnection): Promise<void> {
  const { hasTables } = await connection.row<{ hasTables: boolean }>(sql.HAS_TABLES);
  if (hasTables) return;
  try {
    await connection.rows('begin');
    // Several gateways make them at once, and `if not exists` does not keep them apart.
    await connection.rows('select pg_advisory_xact_lock($1)', [sql.lockKey('').toString()]);
    for (const statement of sql.CREATE_TABLES) await connection.rows(statement);
    await connection.rows('commit');
  } catch (error) {
    await connection.rows('rollback').catch(() => undefined);
    if (codeOf(error) !== '42501') throw describeFailure(error, connection.where);
    throw new FleetError(
      'GATEWAY_FLEET_NOT_ALLOWED',
      `${connection.where}: this user may not make the tables of the fleet: have an administrator run what openclaw gateway fleet sql prints`,
    );
  }
}

/**
 * Shows that a lock of one session keeps it from another. A server that only looks like PostgreSQL may not do so.
 *
 * @param probe a name that no fleet has
 * @throws {FleetError} both are given it
 */
export async function proveLocks(mine: DatabaseConnection, other: DatabaseConnection, probe: string): Promise<void> {
  const key = [sql.lockKey(probe).toString()];
  const [isMine, isOthers] = [await tryLock(mine, key), await tryLock(other, key)];
  await mine.rows('select pg_advisory_unlock($1)', key);
  if (isMine && !isOthers) return;
  throw new FleetError(
    'GATEWAY_FLEET_UNFIT',
    `${mine.where} gives one lock to two sessions: connect to PostgreSQL itself, without a pooler between`,
  );
}

async function tryLock(connection: DatabaseConnection, key: string[]): Promise<boolean> {
  return (await connection.row<{ granted: boolean }>(sql.TRY_LOCK, key)).granted;
}
