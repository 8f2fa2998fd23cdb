/** Where a process on this machine may listen. */
export type Endpoint = HostPort | LocalSocket;

/** An IP address, or `localhost`, and a TCP port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A Unix socket (unix(7)), abstract with a NUL in front, or a named pipe of Windows. */
export interface LocalSocket {
  readonly socketPath: string;
}
