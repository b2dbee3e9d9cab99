/** The package's version. A constant, since code in a bundle cannot find package.json. */
export const VERSION = '0.1.0';
