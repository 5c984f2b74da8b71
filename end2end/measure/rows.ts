// Rows of the table that `cargo xtask bench` prints.

import { appendFileSync } from 'node:fs';

export interface Measured {
  row: string;
  measured: number;
  bare: number | null;
  /** The goal: at most so much. */
  most: number;
  /** A second goal: at most so many times what another row measured, which is named. */
  times?: [number, number, string];
}

/** Adds a row to the file that `RIVULET_ROWS` names, or prints it if there is none. */
export function addRow({ row, measured, bare, most, times }: Measured): void {
  const goal = times ? `≤ ${most}, and ≤ ${times[0]} × ${times[2]}` : `≤ ${most}`;
  const met = measured <= most && (!times || measured <= times[0] * times[1]);
  const line = JSON.stringify({ row, goal, measured, bare, ratio: bare ? measured / bare : null, met });
  if (process.env.RIVULET_ROWS) appendFileSync(process.env.RIVULET_ROWS, `${line}\n`);
  else console.log(line);
}
