/** The same object, but for some of its methods. */
export function but<T extends object>(object: T, methods: Partial<T>): T {
  const given = (target: T, key: string | symbol): unknown => {
    if (key in methods) return methods[key as keyof T]
    const value: unknown = Reflect.get(target, key)
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
  }
  return new Proxy(object, { get: given })
}
