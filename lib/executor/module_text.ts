/**
 * What the text of a module says about what it may do. Pure.
 *
 * To hold a module back from imports at run time takes Node's module loader, which costs three times
 * as much processor time as the rest of a sandbox's start. A text without the words of an import
 * imports nothing, as long as no code is made from strings: then neither is needed.
 *
 * @module
 */

/**
 * The words of an import. No escape can stand in a keyword, and `from` before a bracket is a
 * function, such as `Array.from()`. Comments and strings count too: that is only slower.
 */
const IMPORTS = /import|from(?!\s*\()/;

/** The usual ways to make code from a string. */
const EVALUATES = /\beval\b|\bFunction\b|\.\s*constructor\b/;

/**
 * Whether a module has to be watched while it runs. One that is not watched cannot make code from
 * strings, also not in ways that are not found here: V8 throws an `EvalError`.
 */
export function mustBeWatched(module: string): boolean {
  return IMPORTS.test(module) || EVALUATES.test(module);
}
