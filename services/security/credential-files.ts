/** What the folder of an installation's credentials holds, by the machines that each file belongs on. */

export type Role = 'coordinator' | 'worker';

export const AUTHORITY = 'ca.pem';
/** Signs certificates, so whoever has it can make himself a coordinator. */
export const AUTHORITY_KEY = 'ca-key.pem';
export const JOIN_TOKEN = 'join-token';

export const certificateOf = (role: Role): string => `${role}.pem`;
export const keyOf = (role: Role): string => `${role}-key.pem`;

/** The files that a machine of this role needs. */
export const filesOf = (role: Role): string[] => [AUTHORITY, certificateOf(role), keyOf(role), JOIN_TOKEN];
