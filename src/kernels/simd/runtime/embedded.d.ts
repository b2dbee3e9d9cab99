/** The machine code of the build `simd`, in base64: `npm run build:kernels` writes it. */
declare module '*/build/simd.wasm.js' {
  export const BASE64: string;
}
