/** Numbers along an axis. Charts show null as a gap. */
export type Values = (number | null)[];
