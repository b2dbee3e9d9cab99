/** The colors of the drawings of built-in environments and games. */
export const palette = {
  paper: '#ffffff',
  ink: '#1f2937',
  pale: '#d1d5db',
  agent: '#2563eb',
  goal: '#16a34a',
  warm: '#dc2626',
} as const;
