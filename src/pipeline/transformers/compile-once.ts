/**
 * What is made out of options, once for each options object: many streams share it. An options object is read when it
 * is first used; changes made to it later are not seen.
 */
export function compileOnce<Options extends object, Compiled>(
  compile: (options: Options) => Compiled,
): (options: Options) => Compiled {
  const compiled = new WeakMap<Options, Compiled>()
  return (options) => {
    let one = compiled.get(options)
    if (one === undefined) {
      one = compile(options)
      compiled.set(options, one)
    }
    return one
  }
}
