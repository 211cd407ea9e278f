/** Which of so many things belong together, told pair by pair (union-find with path halving). */
export class DisjointSets {
  private readonly parents: Uint32Array

  /** @param count each thing by itself, numbered from 0 */
  constructor(count: number) {
    this.parents = Uint32Array.from({ length: count }, (_, thing) => thing)
  }

  /** The one that stands for all that `thing` belongs with. */
  rootOf(thing: number): number {
    const { parents } = this
    let root = thing
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]]
      root = parents[root]
    }
    return root
  }

  /** Puts what `a` belongs with to what `b` does, whose root stays. */
  join(a: number, b: number): void {
    this.parents[this.rootOf(a)] = this.rootOf(b)
  }
}
