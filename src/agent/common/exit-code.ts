/** The exit codes of `pondera` beside 0 and 1. */
export const EXIT = {
  usage: 2,
  /** A supervisor should start the run again with --resume (EX_TEMPFAIL of sysexits.h). */
  restart: 75,
  interrupted: 130,
} as const;
