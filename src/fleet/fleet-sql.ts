import { createHash } from 'node:crypto';

/** What the database keeps of all its fleets. Each statement does nothing where it was run before. */
export const CREATE_TABLES = [
  'create schema if not exists openclaw',
  'create sequence if not exists openclaw.fleet_token maxvalue 4294967295',
  `create table if not exists openclaw.fleet (
  name text primary key,
  key bigint not null unique,
  token bigint not null,
  timeline integer not null,
  instance uuid not null,
  host text not null,
  os_pid bigint not null,
  backend integer not null,
  url text,
  version text not null,
  since timestamptz not null,
  released boolean not null,
  wanted text,
  wanted_until timestamptz
)`,
  // A crash and a promotion empty it. So it shows whether a session is of this run of the server.
  `create unlogged table if not exists openclaw.fleet_epoch (
  name text primary key,
  started timestamptz not null
)`,
  `create table if not exists openclaw.fleet_history (
  name text not null,
  token bigint not null,
  host text not null,
  os_pid bigint not null,
  version text not null,
  since timestamptz not null,
  primary key (name, token)
)`,
] as const;

/** What a database administrator runs where the gateways may not make tables, and how it is undone. */
export function tablesFor(role: string): string {
  const name = `"${role.replaceAll('"', '""')}"`;
  const tables = 'openclaw.fleet, openclaw.fleet_epoch, openclaw.fleet_history';
  return [
    '-- The tables of the fleets of this database, for gateways that connect as the role below.',
    ...CREATE_TABLES.map((statement) => `${statement};`),
    `grant usage on schema openclaw to ${name};`,
    `grant select, insert, update on ${tables} to ${name};`,
    `grant delete on openclaw.fleet_history to ${name};`,
    `grant usage on sequence openclaw.fleet_token to ${name};`,
    '-- To undo all of it: drop schema openclaw cascade;',
  ].join('\n');
}

/** The key of a fleet in the space of advisory locks of one 64-bit number, as PostgreSQL takes it. */
export function lockKey(fleet: string): bigint {
  return createHash('sha256').update(`openclaw-fleet\0${fleet}`).digest().readBigInt64BE();
}

/** Sets what this version of the server knows, for this session alone: any user may. */
export const SET_LIMITS = `select set_config(name, wanted, false)
from pg_settings join (values
  ('statement_timeout', '0'),
  ('idle_in_transaction_session_timeout', '0'),
  ('transaction_timeout', '0'),
  ('synchronous_commit', 'on'),
  ('default_transaction_read_only', 'off'),
  ('client_connection_check_interval', '2s'),
  ('idle_session_timeout', $1)
) as limits (option, wanted) on name = option`;

/** Who answers, and whether it can keep a lock at all. */
export const WHO_ANSWERS = `select pg_backend_pid() as backend,
  pg_is_in_recovery() as "isReplica",
  current_setting('server_version_num')::int as version,
  current_setting('synchronous_standby_names') <> '' as "isSynchronous"`;

export const HAS_TABLES = `select to_regclass('openclaw.fleet_history') is not null as "hasTables"`;

export const TRY_LOCK = 'select pg_try_advisory_lock($1) as granted';

/**
 * Waits for the lock, and says whether it was granted, and whose name is written down by then. An unbroken wait would keep
 * VACUUM from its work and make an index build wait for ever: so it ends after a while. It ends within the block, so that
 * the server logs no error. All is one request, with the values in its text, since each standby sends it for ever.
 *
 * @param fleet a name that has nothing in it to be quoted
 */
export function waitForLock(fleet: string, sliceMs: number): string {
  const key = lockKey(fleet);
  return `set lock_timeout = ${Math.round(sliceMs)};
select set_config('openclaw.granted', 'no', false);
do $$ begin
  perform pg_advisory_lock(${key});
  perform set_config('openclaw.granted', 'yes', false);
exception when lock_not_available then null;
end $$;
select current_setting('openclaw.granted') = 'yes' as "isGranted",
  (select token::text from openclaw.fleet where name = '${fleet}') as token`;
}

/** Writes the next holder down, and says what is known of the one before. Only who has the lock runs it. */
export const CLAIM = `with here as (
  select ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline
), before as (
  select token, timeline, released from openclaw.fleet where name = $1
), epoch as (
  select started from openclaw.fleet_epoch where name = $1
), mine as (
  insert into openclaw.fleet as f
    (name, key, token, timeline, instance, host, os_pid, backend, url, version, since, released)
  select $1, $2, (timeline::bigint << 32) | nextval('openclaw.fleet_token'), timeline, $3, $4, $5, pg_backend_pid(), $6, $7,
    clock_timestamp(), false
  from here
  on conflict (name) do update set
    (token, timeline, instance, host, os_pid, backend, url, version, since, released) =
    (excluded.token, excluded.timeline, excluded.instance, excluded.host, excluded.os_pid, excluded.backend, excluded.url,
      excluded.version, excluded.since, false),
    wanted_until = null
  returning token
)
select mine.token::text as token,
  before.token is not null as "isKnown",
  coalesce(before.released, false) as "isReleased",
  coalesce(before.timeline = here.timeline, false) as "isSameTimeline",
  coalesce(epoch.started = pg_postmaster_start_time(), false) as "isSameRun",
  here.timeline = 1 as "isFirstTimeline"
from here cross join mine left join before on true left join epoch on true`;

/** Notes that the holder is active from here on: in this run of the server, and in the list of the last holders. */
export const CONFIRM = `with epoch as (
  insert into openclaw.fleet_epoch (name, started) values ($1, pg_postmaster_start_time())
  on conflict (name) do update set started = excluded.started
), history as (
  insert into openclaw.fleet_history (name, token, host, os_pid, version, since)
  select name, token, host, os_pid, version, clock_timestamp() from openclaw.fleet where name = $1
  on conflict do nothing
)
delete from openclaw.fleet_history where name = $1 and token not in
  (select token from openclaw.fleet_history where name = $1 order by token desc limit 19)`;

export const HEARTBEAT = 'select pg_is_in_recovery() as "isReplica"';
/** Only what is written notices that a synchronous standby is gone. */
export const WRITING_HEARTBEAT = `update openclaw.fleet set released = false where name = $1 and token = $2
returning pg_is_in_recovery() as "isReplica"`;

export const RELEASE = 'update openclaw.fleet set released = true where name = $1 and token = $2';

export const UNLOCK = 'select pg_advisory_unlock($1)';

/** Asks the holder to stop, and has the others let that host go first for a while. Only who may write the row can. */
export const ASK_TO_YIELD = `with asked as (
  update openclaw.fleet set wanted = $2, wanted_until = clock_timestamp() + interval '60 s' where name = $1 returning name
)
select pg_notify($3, '') from asked`;

export const READ_WANTED = `select wanted from openclaw.fleet
where name = $1 and token = $2 and wanted_until > clock_timestamp()`;

/** The other host that is to be next, if there is one. */
export const READ_NEXT = `select wanted from openclaw.fleet
where name = $1 and wanted_until > clock_timestamp() and wanted not in ('', $2)`;

/** Whether a gateway is connected. The view reads all sessions of the server, whatever is asked of it. */
export const IS_CONNECTED = `select exists (
  select from pg_stat_activity where datname = current_database() and application_name = left($1, 63)
) as "isConnected"`;

/** The channel on which a holder is asked to stop. */
export function channelOf(key: bigint): string {
  return `openclaw_fleet_${BigInt.asUintN(64, key).toString(16)}`;
}

/** Only the holder listens: a notification wakes every session of the database that listens to anything. */
export function listenFor(key: bigint): string {
  return `listen ${channelOf(key)}`;
}

/** Ends sessions that share the row of a holder in a transaction, and have stood still for longer than a commit takes. */
export const END_FROZEN = `select pg_terminate_backend(a.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.relation = 'openclaw.fleet'::regclass and l.mode = 'RowShareLock' and l.granted and a.usename = current_user
  and a.state = 'idle in transaction' and a.state_change < clock_timestamp() - interval '1 s'`;

export const END_HOLDER = `select pg_terminate_backend(held.pid) from (values ($1::bigint)) as wanted (key)
join pg_locks held on held.locktype = 'advisory' and held.granted and held.objsubid = 1
  and held.database = (select oid from pg_database where datname = current_database())
  and held.classid::bigint = ((wanted.key >> 32) & 4294967295) and held.objid::bigint = (wanted.key & 4294967295)`;

/**
 * The holder in the row, whether its session is there, and how long ago that has last said something. A look at all locks
 * takes a server with many sessions milliseconds. In place of the view `pg_stat_activity`, it asks only what the view asks itself.
 */
export const READ_HOLDER = `select f.host, f.os_pid::int as pid, f.version, f.token::text as token, f.url, f.released,
  (extract(epoch from f.since) * 1000)::float8 as since,
  held.pid as "heldBy", f.backend,
  (extract(epoch from clock_timestamp() - a.state_change) * 1000)::float8 as "silentMs"
from (values ($1::text, $2::bigint)) as wanted (name, key)
left join openclaw.fleet f on f.name = wanted.name
left join pg_locks held on held.locktype = 'advisory' and held.granted and held.objsubid = 1
  and held.database = (select oid from pg_database where datname = current_database())
  and held.classid::bigint = ((wanted.key >> 32) & 4294967295) and held.objid::bigint = (wanted.key & 4294967295)
left join lateral (select * from pg_stat_get_activity(held.pid) where held.pid is not null) a on true`;

export const READ_SESSIONS = `select application_name as name, state,
  (extract(epoch from clock_timestamp() - backend_start) * 1000)::float8 as "ageMs"
from pg_stat_activity
where datname = current_database() and starts_with(application_name, $1) and pid <> pg_backend_pid()
order by backend_start`;

/** All that are connected but the holder and commands, whose names end with a bracket. */
export const READ_STANDBYS = `select distinct substr(a.application_name, length($1) + 1) as host
from (values ($2::bigint)) as wanted (key) cross join pg_stat_activity a
where a.datname = current_database() and starts_with(a.application_name, $1) and right(a.application_name, 1) <> ')'
  and not exists (select from pg_locks held where held.pid = a.pid and held.locktype = 'advisory' and held.granted
    and held.objsubid = 1 and held.classid::bigint = ((wanted.key >> 32) & 4294967295)
    and held.objid::bigint = (wanted.key & 4294967295))
order by host`;

export const READ_HISTORY = `select token::text as token, host, os_pid::int as pid, version,
  (extract(epoch from since) * 1000)::float8 as since
from openclaw.fleet_history where name = $1 order by token desc limit 20`;

/** From here on the server keeps the lock for the whole time of a session; a waiter that is gone would block the queue for so long. */
export const SET_HOLDER_LIMITS = `select set_config('idle_session_timeout', $1, false), set_config('lock_timeout', '1s', false)`;
