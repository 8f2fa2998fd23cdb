/** Where a process of this machine may listen: a TCP port, or a local socket. */
export type Endpoint = HostPort | LocalSocket;

/** An IP address, or `localhost`, and a TCP port. */
export interface HostPort {
  /** An IP address, or `localhost` for the loopback pair. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A Unix socket (unix(7)), or a named pipe of Windows. */
export interface LocalSocket {
  /** A path, or an abstract name, which begins with a NUL. */
  readonly socketPath: string;
}
