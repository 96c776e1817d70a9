/** Set by build.mjs: stands for the content of the files that this one loads. */
declare const VERSION: string;

/** The address of a file beside this one. With its version, no cache can pair old code with new. */
export const versioned = (name: string): string => `./${name}?v=${VERSION}`;
