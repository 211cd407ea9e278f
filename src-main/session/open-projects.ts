/** The projects in memory: opened when somebody asks for one, put away when there are too many. */
import type { OpenProject } from './project.ts'

/** Projects held in memory: a decoded photo takes up to 50 MB. */
const MOST_OPEN = 4

interface OpenProjectsHost {
  /** @throws UserError where there is none of this id, or it cannot be read */
  read(id: string): Promise<OpenProject>
  log(line: string): void
}

export class OpenProjects {
  private readonly host: OpenProjectsHost
  private readonly projects = new Map<string, Promise<OpenProject>>()
  /** Those that are being put away or forgotten: who asks for one waits. */
  private readonly leaving = new Map<string, Promise<void>>()

  constructor(host: OpenProjectsHost) {
    this.host = host
  }

  /** One that is in memory or on disk. @throws UserError where it cannot be read */
  get(id: string): Promise<OpenProject> {
    return this.projects.get(id) ?? this.adopt(id, this.read(id))
  }

  /** Where it is in memory. */
  held(id: string): Promise<OpenProject> | undefined {
    return this.projects.get(id)
  }

  has(id: string): boolean {
    return this.projects.has(id)
  }

  /** All in memory that could be opened. */
  async all(): Promise<OpenProject[]> {
    const opened = await Promise.all([...this.projects.values()].map((project) => project.catch(() => undefined)))
    return opened.filter((project) => project !== undefined)
  }

  /** Does something with each of them; what fails with one keeps nothing from the others. */
  each(work: (project: OpenProject) => Promise<void>): void {
    for (const project of this.projects.values()) project.then(work).catch(() => {})
  }

  adopt(id: string, project: Promise<OpenProject>): Promise<OpenProject> {
    this.projects.set(id, project)
    project.then(
      () => this.letGo().catch((error: Error) => this.host.log(`putting projects away: ${error.message}`)),
      () => this.projects.get(id) === project && this.projects.delete(id),
    )
    return project
  }

  /** Takes a project out; who asks for it meanwhile waits, and finds it on disk or not at all. */
  async leave(id: string, work: () => Promise<void>): Promise<void> {
    const left = Promise.resolve(this.leaving.get(id)).then(work)
    const isOver = left
      .catch(() => {})
      .then(() => {
        if (this.leaving.get(id) === isOver) this.leaving.delete(id)
      })
    this.leaving.set(id, isOver)
    this.projects.delete(id)
    await left
  }

  /** Closes all, and waits for those that are on their way out. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled([...this.projects.values()].map(async (project) => (await project).close()))
    for (const result of closed) if (result.status === 'rejected') this.host.log(`closing: ${result.reason}`)
    await Promise.all(this.leaving.values())
  }

  private async read(id: string): Promise<OpenProject> {
    await this.leaving.get(id)
    return this.host.read(id)
  }

  /** Puts the oldest projects away that nothing is forming in; a window that still asks for one gets it back. */
  private async letGo(): Promise<void> {
    for (const [id, promise] of [...this.projects].slice(0, -MOST_OPEN)) {
      const project = await promise
      if (!project.isBusy && this.projects.get(id) === promise) await this.leave(id, () => project.close())
    }
  }
}
