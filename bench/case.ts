/** One row of a case's table: columns by name, numbers as measured. */
export type Row = Record<string, string | number>;

/** What a case has measured. */
export interface Result {
  title: string;
  /** What was done, and how it was checked. */
  method: string;
  rows: Row[];
}

export type Case = () => Promise<Result>;
