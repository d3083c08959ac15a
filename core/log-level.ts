/** From which level on a log has what happens; the later, the less. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

/** Levels that a line of a log can have, least first. */
export const lineLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LineLevel = (typeof lineLevels)[number];
