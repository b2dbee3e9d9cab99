import { z } from 'zod';

// Numbers of which the sections of a config are made.
export const positive = z.number().positive();
export const fraction = z.number().min(0).max(1);
export const count = z.int().min(1);
