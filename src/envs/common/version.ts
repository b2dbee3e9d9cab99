/** The package's version. Not read from package.json, which is not found from within a bundle. */
export const VERSION = '0.1.0';
