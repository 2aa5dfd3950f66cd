/** Settings that were renamed, by their present name. A start with the former name is rejected with the present one. */
export const FORMER_NAMES = {
  RELAY_PORT: 'FEEDER_PORT',
  WEBHOOK_PENDING_MAX: 'WEBHOOK_WAITING_MAX',
  WEBHOOK_PENDING_DAYS: 'WEBHOOK_WAITING_DAYS',
} as const;

/** Values of settings that were renamed: former value → present value. */
export const FORMER_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  PROJECTOR_ROLE: { folders: 'workers' },
};
