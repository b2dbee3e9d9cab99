/** Runs `work`, then `close`, also where `work` throws. @throws the first error of the two */
export async function closing<T>(close: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  await close();
  return result;
}
