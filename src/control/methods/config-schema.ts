import { MAX_PORT } from '../../listener/listen-address.js';

/** As much of JSON Schema as the keys of `config.get` need. */
export interface ConfigSchema {
  readonly type: 'object' | 'string' | 'integer' | 'array';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ConfigSchema>>;
  readonly items?: ConfigSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

/** One key of the configuration, as `config.schema.lookup` answers it. */
export interface ConfigSchemaEntry {
  readonly path: string;
  readonly schema: Omit<ConfigSchema, 'properties'>;
  readonly reloadKind: 'restart';
  readonly children: readonly {
    readonly key: string;
    readonly path: string;
    readonly type: ConfigSchema['type'];
    readonly required: false;
    readonly hasChildren: boolean;
  }[];
}

/** What `config.get` shows, and `openclaw.json` may say. */
export const CONFIG_SCHEMA: ConfigSchema = {
  type: 'object',
  properties: {
    gateway: {
      type: 'object',
      properties: {
        port: { type: 'integer', minimum: 1, maximum: MAX_PORT, description: 'the port' },
        bind: { type: 'string', description: 'the IP address, or localhost for 127.0.0.1 and ::1' },
        auth: {
          type: 'object',
          properties: { mode: { type: 'string', enum: ['token'], description: 'how clients show who they are' } },
        },
      },
    },
    gatewayLock: {
      type: 'object',
      properties: {
        allowHosts: {
          type: 'array',
          items: { type: 'string' },
          description: 'names that clients may call this gateway by, as host or host:port',
        },
        allowOrigins: {
          type: 'array',
          items: { type: 'string' },
          description: 'web pages that may connect, as https://app.example',
        },
      },
    },
  },
};

/**
 * Finds a key by its path, `gateway.port`; `.` is the whole.
 *
 * @returns undefined where there is no such key
 */
export function lookUpSchema(path: string): ConfigSchemaEntry | undefined {
  let found = CONFIG_SCHEMA;
  const isRoot = path === '.';
  for (const key of isRoot ? [] : path.split('.')) {
    const { properties = {} } = found;
    const next = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!next) return undefined;
    found = next;
  }
  const { properties = {}, ...schema } = found;
  const children = Object.entries(properties).map(([key, child]) => ({
    key,
    path: isRoot ? key : `${path}.${key}`,
    type: child.type,
    required: false as const,
    hasChildren: child.properties !== undefined,
  }));
  return { path, schema, reloadKind: 'restart', children };
}
