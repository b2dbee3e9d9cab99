import { relu } from './vector';

/** Stores four rows of a tile: `y = base + sums + bias` (0: none), relu last. */
@inline
export function finishFour(
  y: usize, yStep: usize, base: usize, bias: usize, rectify: bool,
  c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
): void {
  if (bias) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    c00 = f32x4.add(c00, b0);
    c01 = f32x4.add(c01, b1);
    c10 = f32x4.add(c10, b0);
    c11 = f32x4.add(c11, b1);
    c20 = f32x4.add(c20, b0);
    c21 = f32x4.add(c21, b1);
    c30 = f32x4.add(c30, b0);
    c31 = f32x4.add(c31, b1);
  }
  if (base) {
    c00 = f32x4.add(c00, v128.load(base));
    c01 = f32x4.add(c01, v128.load(base, 16));
    base += yStep;
    c10 = f32x4.add(c10, v128.load(base));
    c11 = f32x4.add(c11, v128.load(base, 16));
    base += yStep;
    c20 = f32x4.add(c20, v128.load(base));
    c21 = f32x4.add(c21, v128.load(base, 16));
    base += yStep;
    c30 = f32x4.add(c30, v128.load(base));
    c31 = f32x4.add(c31, v128.load(base, 16));
  }
  if (rectify) {
    c00 = relu(c00);
    c01 = relu(c01);
    c10 = relu(c10);
    c11 = relu(c11);
    c20 = relu(c20);
    c21 = relu(c21);
    c30 = relu(c30);
    c31 = relu(c31);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  y += yStep;
  v128.store(y, c10);
  v128.store(y, c11, 16);
  y += yStep;
  v128.store(y, c20);
  v128.store(y, c21, 16);
  y += yStep;
  v128.store(y, c30);
  v128.store(y, c31, 16);
}
