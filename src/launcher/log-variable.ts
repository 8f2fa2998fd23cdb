// A file of its own, so that every start can look at the variable without loading the launcher.
/** Set for a gateway that a launcher has started, to the path of the log that its output goes to. */
export const LOG_VARIABLE = 'OPENCLAW_LAUNCHED_LOG';
