import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { ratio } from '../measure.ts';
import { CONVOLUTIONS, writeConvolutions } from '../reference.ts';

const ROUNDS = 5;

/** Two convolutions and their gradients, beside tfjs and PyTorch. */
export async function convolution(): Promise<Result<'convolution'>> {
  const data = await writeConvolutions();
  const forward = await compete(
    {
      'ours, 1 thread': ours('convolution', { data }),
      'ours, 2 threads': ours('convolution', { data, threads: 2 }),
      'tfjs wasm, 1 thread': ours('convolution', { data, backend: 'wasm' }),
      'PyTorch, 1 thread': peer('torch_convolution', { data }),
      'PyTorch, 2 threads': peer('torch_convolution', { data, threads: 2 }),
    },
    ROUNDS,
  );
  const gradients = await compete(
    {
      'ours, 1 thread': ours('convolution', { data, gradients: true }),
      'ours, 2 threads': ours('convolution', { data, gradients: true, threads: 2 }),
      'tfjs wasm, 1 thread': ours('convolution', { data, gradients: true, backend: 'wasm' }),
      'PyTorch, 1 thread': peer('torch_convolution', { data, gradients: true }),
      'PyTorch, 2 threads': peer('torch_convolution', { data, gradients: true, threads: 2 }),
    },
    ROUNDS,
  );
  const { pictures, filters, strides } = CONVOLUTIONS;
  const layers = filters.map((filter, i) => `[${filter}] with stride ${strides[i]}`);
  const best = forward.ms['ours, 1 thread'];
  return {
    title: 'Convolutions',
    method:
      `Pictures [${pictures}], filters ${layers.join(' and ')}, a rectifier between. Gradients: of the sum of squares, for ` +
      'both filters, the convolutions included. Checked: all compute the same.',
    rows: Object.keys(forward.ms).map((name): Row => {
      const [ms, withGradients] = [forward, gradients].map(
        (of) => of.ms[name as keyof typeof of.ms],
      );
      return {
        '': name,
        ms,
        'time ÷ ours': ratio(ms, best),
        'with gradients, ms': withGradients,
        'with gradients, time ÷ ours': ratio(withGradients, gradients.ms['ours, 1 thread']),
      };
    }),
    figures: {
      'convolution.vsTfjsWasm': ratio(forward.ms['tfjs wasm, 1 thread'], best),
      'convolution.gradientsVsTorch': ratio(
        gradients.ms['PyTorch, 1 thread'],
        gradients.ms['ours, 1 thread'],
      ),
    },
    notes: [...new Set([...forward.notes, ...gradients.notes])],
  };
}
