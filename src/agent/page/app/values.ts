/** Numbers along an axis; null where there is none, which charts show as a gap. */
export type Values = (number | null)[];
