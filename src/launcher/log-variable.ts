/** Set for a gateway that a launcher has started, to the path of the log that its output goes to. */
export const LOG_VARIABLE = 'OPENCLAW_LAUNCHED_LOG';
