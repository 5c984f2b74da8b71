// Rows of the table that `cargo xtask bench` prints.

import { appendFileSync } from 'node:fs';

export interface Measured {
  row: string;
  measured: number;
  bare: number | null;
  /** At most so much. */
  most: number;
  /** At most so many times another row, which is named. */
  times?: [number, number, string];
}

/** Adds a row, and says it where nobody collects them. */
export function add({ row, measured, bare, most, times }: Measured): void {
  const goal = times ? `≤ ${most}, and ≤ ${times[0]} × ${times[2]}` : `≤ ${most}`;
  const met = measured <= most && (!times || measured <= times[0] * times[1]);
  const line = JSON.stringify({ row, goal, measured, bare, ratio: bare ? measured / bare : null, met });
  if (process.env.RIVULET_ROWS) appendFileSync(process.env.RIVULET_ROWS, `${line}\n`);
  else console.log(line);
}
