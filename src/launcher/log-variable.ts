/** Tells a gateway that a launcher has started it, and the path of the log that its output goes to. */
export const LOG_VARIABLE = 'OPENCLAW_LAUNCHED_LOG';
