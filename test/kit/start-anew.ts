/** Node 22.15 and newer can replace the program of a process: a gateway in the foreground then restarts in its place. */
export const canStartAnew = 'execve' in process;
