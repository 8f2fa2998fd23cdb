// A file of its own, so that every start can look at the variable without loading the launcher.
/** `1` for a gateway that a launcher has started: its output goes to the log in its state folder. */
export const LOG_VARIABLE = 'OPENCLAW_LAUNCHED_LOG';
